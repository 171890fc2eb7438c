"""The suite notices known bugs: each is planted in a copy of the library, and the named test must fail there."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutations import Mutation

ROOT = Path(__file__).resolve().parents[2]
UNCOPIED = shutil.ignore_patterns("__pycache__", "*.pyc")
TESTS_FAILED = 1  # pytest: 2 interrupted (also collection errors), 4 wrong usage, 5 nothing collected


def collect() -> list:
    found = []
    for path in sorted((ROOT / "tests" / "mutations").glob("[a-z]*.py")):
        module = importlib.import_module(f"tests.mutations.{path.stem}")
        found += [pytest.param(mutation, id=mutation.name.replace(" ", "-")) for mutation in module.MUTATIONS]
    return found


@pytest.mark.parametrize("mutation", collect())
def test_a_planted_bug_is_noticed(mutation: Mutation, tmp_path: Path):
    for folder in ("altools", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=UNCOPIED)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    source = tmp_path / Path(*mutation.module.split(".")).with_suffix(".py")
    text = source.read_text(encoding="utf-8")
    count = text.count(mutation.find)
    assert count == 1, (
        f"{mutation.find!r} must occur once in {mutation.module}. Got {count}; bring the mutation up to date."
    )
    source.write_text(text.replace(mutation.find, mutation.replace), encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", mutation.test]
    outcome = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )

    assert outcome.returncode == TESTS_FAILED, f"{mutation.test} did not notice.\n{outcome.stdout}{outcome.stderr}"
    assert f"FAILED {mutation.test.split('::')[0]}" in outcome.stdout, outcome.stdout
