"""The suite notices known bugs: each is planted in a copy of the library, and the named test must fail there."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
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


@pytest.fixture(scope="module")
def processes():
    """Fork each run from a server that has imported torch once: 1 s a run instead of 4."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["torch", "torch._dynamo", "hypothesis", "hypothesis.strategies", "beartype", "jaxtyping"]
    )
    return context


@pytest.mark.parametrize("mutation", collect())
def test_a_planted_bug_is_noticed(mutation: Mutation, tmp_path: Path, processes):
    copy_to(tmp_path)
    source = tmp_path / Path(*mutation.module.split(".")).with_suffix(".py")
    text = source.read_text(encoding="utf-8")
    count = text.count(mutation.find)
    assert count == 1, f"{mutation.find!r} must occur once in {mutation.module}. Got {count}; update the mutation."
    source.write_text(text.replace(mutation.find, mutation.replace), encoding="utf-8")
    exit_code, report = outcome(processes, tmp_path, mutation.test)
    assert exit_code == TESTS_FAILED, f"{mutation.test} did not notice.\n{report}"
    assert f"FAILED {mutation.test.split('::')[0]}" in report, report


def test_an_unchanged_copy_passes(tmp_path: Path, processes):
    copy_to(tmp_path)
    exit_code, report = outcome(processes, tmp_path, "tests/unit/test_pool.py")
    assert exit_code == 0, report


def copy_to(folder: Path) -> None:
    for name in ("altools", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=UNCOPIED)
    shutil.copy(ROOT / "pyproject.toml", folder)


def outcome(processes, folder: Path, test: str) -> tuple[int | None, str]:
    """Run one test of the copy in ``folder``; return pytest's exit code and report."""
    run = processes.Process(target=run_pytest, args=(folder, test))
    run.start()
    run.join(timeout=120)
    if run.is_alive():
        run.terminate()
        pytest.fail(f"{test} did not end within 120 s; name a test that fails fast.")
    return run.exitcode, (folder / "report.txt").read_text(encoding="utf-8")


def run_pytest(folder: Path, test: str) -> None:
    """Run one test in ``folder`` as a fresh pytest would, its output in ``report.txt``, and exit with its code."""
    with (folder / "report.txt").open("w") as report:
        os.dup2(report.fileno(), 1)
        os.dup2(report.fileno(), 2)
    os.environ["HYPOTHESIS_PROFILE"] = "any failure"  # the smallest example of a planted bug interests nobody
    os.chdir(folder)
    here = {ROOT, ROOT / "tests" / "oracles"}
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() not in here]
    for name in list(sys.modules):
        if name.split(".")[0] in {"altools", "tests", Path(__file__).stem}:
            del sys.modules[name]
    preloaded = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    sys.exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *preloaded, test])))
