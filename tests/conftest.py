"""A repository with a tiny config; and one in which the workflow has run, to be poked at."""

import os

import pytest
from hypothesis import Phase, settings

from tests.repositories import copy_repository

settings.register_profile("same every time", derandomize=True)
settings.register_profile("any failure", derandomize=True, phases=[Phase.explicit, Phase.generate])
settings.register_profile("long", max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same every time"))


@pytest.fixture
def repository(tmp_path):
    return copy_repository(tmp_path / "repository")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A copy in which the tiny grid has run; tests restore what they change."""
    made = copy_repository(tmp_path_factory.mktemp("finished") / "repository")
    made.first = made.run()
    return made
