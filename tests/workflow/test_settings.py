"""The three settings in one grid: what is shared is planned once."""

import pytest

from tests.repositories import TINY, copy_repository

SETTINGS = TINY.replace("seeds: [0, 1]", "seeds: [0]").replace(
    "settings: [standard]", "settings: [standard, simsiam, reference_query]"
)


@pytest.fixture
def three_settings(tmp_path):
    return copy_repository(tmp_path / "repository", SETTINGS)


def test_shared_jobs_are_planned_once(three_settings):
    jobs = three_settings.planned()
    assert jobs["simsiam"] == 1  # one encoder for every strategy and round
    assert jobs["train_initial"] == jobs["train_reference"] == 2  # per start: standard and simsiam
    # Two strategies, two rounds, two settings; in reference_query only margin, as random asks nobody.
    assert jobs["train"] == jobs["query"] == 2 * 2 * 2 + 2
