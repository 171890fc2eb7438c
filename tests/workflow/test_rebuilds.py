"""Every row of docs/rebuilds.md: a change to a finished grid, and the jobs that the dry run then plans.

And an edit of the library: it reruns the jobs whose numbers it can change, and no other.
"""

import ast
import io
import os
import re
import shutil
import tokenize
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from altools.config.fingerprint import dependencies
from altools.plan import Plan
from tests import grids
from tests.repositories import copy_finished, copy_repository

CONFIG = "config/config.yaml"
ROUND = "results/rounds/digits/standard/margin/seed1/round2"
FOLLOWS = {"curve", "dataset_curves", "dataset_queries", "statistic", "figure", "report", "all"}
STARTS = {"train_initial": 2, "train_reference": 2, "predict": 2}
RUNS = {"query": 8, "train": 8}
ONE = {"query": 4, "train": 4}
EVERYTHING = {"prepare": 1, "label_initial": 2, "label_all": 2, **STARTS, **RUNS}


@contextmanager
def edited(path, old, new):
    """Replace a text in a file, and put the file back with its times."""
    kept = path.with_suffix(".kept")
    shutil.copy2(path, kept)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    try:
        yield
    finally:
        kept.replace(path)


@contextmanager
def moved_away(path):
    path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        path.with_suffix(".away").rename(path)


@contextmanager
def touched(path):
    times = path.stat()
    os.utime(path)
    try:
        yield
    finally:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@contextmanager
def flipped(path):
    content, times = path.read_bytes(), path.stat()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    try:
        yield
    finally:
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def config(old, new):
    return lambda root: edited(root / CONFIG, old, new)


def code(module, old, new):
    return lambda root: edited(root / module, old, new)


CASES = {
    "an option of one strategy": (
        config("\nstrategies: ", "\nstrategy_options: {margin: {mc_average: 4}}\nstrategies: "),
        ONE,
    ),
    "the code of one strategy": (
        code("altools/strategies/margin.py", "margin_uncertainty(pool.probs)", "0 + margin_uncertainty(pool.probs)"),
        ONE,
    ),
    "a comment or a docstring": (code("altools/strategies/margin.py", "NEEDS =", "# a comment\nNEEDS ="), None),
    "a value of the training recipe": (
        config("recipe: {", "recipe: {augmentation: {crop_padding: 1}, "),
        {**STARTS, **RUNS},
    ),
    "the model or its options": (config("filters: 4", "filters: 5"), {**STARTS, **RUNS}),
    "the list of metrics": (config("\nstrategies: ", "\nmetrics: [classification]\nstrategies: "), {**STARTS, **RUNS}),
    "the code of a metric": (
        code("altools/metrics/calibration.py", "import numpy as np\n", "import numpy as np\nUNUSED = 1\n"),
        {**STARTS, **RUNS},
    ),
    "the budget": (config("budget: 30", "budget: 31"), RUNS),
    "the initial size": (
        config("initial: 30", "initial: 31"),
        {"label_initial": 2, "train_initial": 2, "predict": 2, **RUNS},
    ),
    "one round more": (config("rounds: 3", "rounds: 4"), ONE),
    "one round less": (config("rounds: 3", "rounds: 2"), {}),
    "one seed more": (
        config("seeds: [0, 1]", "seeds: [0, 1, 2]"),
        {"label_initial": 1, "label_all": 1, "train_initial": 1, "train_reference": 1, "predict": 1, **ONE},
    ),
    "one strategy more": (config("[random, margin]", "[random, margin, entropy]"), ONE),
    "one strategy less": (config("[random, margin]", "[margin]"), {}),
    "an option of the data source": (config("train_images: 1437", "train_images: 1436"), EVERYTHING),
    "the order of the keys in the config": (
        config("    initial: 30\n    budget: 30\n", "    budget: 30\n    initial: 30\n"),
        None,
    ),
    "the number of threads": (config("    rounds: 3", "    threads: 2\n    rounds: 3"), None),
    "the device": (config("\nstrategies: ", "\ndevice: cpu\nstrategies: "), {**STARTS, **RUNS}),
    "the results folder": (config("results: results", "results: elsewhere"), EVERYTHING),
    "memory, time or retries of a rule": (
        code(
            "workflow/rules/rounds.smk",
            "gpu=ask(plan.query_gpus),\n",
            "gpu=ask(plan.query_gpus),\n        mem_mb=5000,\n",
        ),
        None,
    ),
    "the code of a figure": (
        code("altools/plotting/differences.py", "import pandas as pd\n", "import pandas as pd\nUNUSED = 1\n"),
        {},
    ),
    "the code of a statistic": (
        code("altools/statistics/wins.py", "import pandas as pd\n", "import pandas as pd\nUNUSED = 1\n"),
        {},
    ),
    "a picks file that I deleted": (lambda root: moved_away(root / ROUND / "query.parquet"), {"query": 1, "train": 1}),
    "the time stamp of a small file": (lambda root: touched(root / ROUND / "labelled.parquet"), None),
    "the last model, by accident (a bit flipped on the disk)": (
        lambda root: flipped(root / ROUND / "model.safetensors"),
        None,
    ),
}


def rows():
    """Return the second column of the table in docs/rebuilds.md by its first."""
    text = (Path(__file__).parents[2] / "docs/rebuilds.md").read_text()
    return dict(re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE)[1:])


def test_the_table_and_the_tests_have_the_same_rows():
    assert list(rows()) == list(CASES)


@pytest.mark.parametrize("change", CASES)
def test_a_change_rebuilds_what_the_table_says(finished, change):
    make, expected = CASES[change]
    with ExitStack() as stack:
        stack.enter_context(make(finished.path))
        planned = finished.planned()
    computed = {rule: count for rule, count in planned.items() if rule not in FOLLOWS}
    assert computed == (expected or {})
    assert (planned == {}) == (expected is None)
    said = rows()[change]
    if "everything" not in said:
        assert set(re.findall(r"`(\w+)`", said)) == set(computed)
    if expected is None:
        assert "nothing" in said


STRATEGIES = ["random", "margin", "entropy", "coreset", "kmeans", "badge", "facility_location", "bald"]
VARIED = {"seeds": [0], "rounds": 2, "strategies": STRATEGIES, "recipe": {"epochs": 1, "learning_rate": 0.1}}


def reworded(text):
    """Return the source of a module with another first text in each of its ``raise`` statements."""
    raises = [(node.lineno, node.end_lineno) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Raise)]
    strings = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if tokenize.tok_name[token.type] in ("STRING", "FSTRING_START")
    ]
    lines = text.splitlines(keepends=True)
    firsts = (next((t for t in strings if first <= t.start[0] <= last), None) for first, last in raises)
    for token in sorted({token for token in firsts if token}, key=lambda token: token.start, reverse=True):
        row, column = token.start[0] - 1, token.start[1] + len(re.match(r"\w*(\"{3}|'{3}|\"|')", token.string)[0])
        lines[row] = f"{lines[row][:column]}In other words: {lines[row][column:]}"
    return "".join(lines)


def test_how_a_job_runs_and_what_an_error_says_rebuild_nothing(finished, tmp_path):
    copied = copy_finished(finished, tmp_path / "repository")
    for path in copied.path.glob("altools/runtime/**/*.py"):
        path.write_text(path.read_text() + "\nEDITED = 1\n")
    rewritten = []
    for path in sorted(copied.path.glob("altools/**/*.py")):
        text = path.read_text()
        other = reworded(text)
        if other != text:
            path.write_text(other)
            rewritten.append(path.relative_to(copied.path / "altools").parts[0])
    rooms = {"data", "runtime", "training", "strategies", "statistics", "steps", "storage.py", "pool.py"}
    assert rooms <= set(rewritten)
    assert copied.planned() == {}


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """A copy in which a grid of strategies that differ has run, one query each."""
    made = copy_repository(tmp_path_factory.mktemp("varied") / "repository", grids.written(**VARIED))
    made.run("runs")
    return made


def asking(repository):
    """Return the strategies whose query the dry run plans."""
    done = repository.snakemake("-n", "runs")
    return set(re.findall(r"^rule query:.*?wildcards: [^\n]*strategy=(\w+)", done.stdout + done.stderr, re.S | re.M))


KERNELS = {
    "uncertainty": {"margin", "entropy"},
    "kcenter": {"coreset"},
    "seeding": {"badge", "kmeans"},
    "gradients": {"badge"},
    "facility": {"facility_location"},
    "information": {"bald"},
    "dropout_heads": {"margin", "entropy", "badge", "bald"},  # through the signals that they read
    "spread": set(STRATEGIES),  # of every query's picks
    "adversarial": set(),
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_edited_kernel_rebuilds_the_queries_of_the_strategies_that_use_it(varied, kernel):
    assert asking(varied) == set()
    with edited(varied.path / f"altools/kernels/{kernel}.py", "import torch\n", "import torch\n\nEDITED = 1\n"):
        planned = asking(varied)
    assert planned == KERNELS[kernel]
    assert planned == {name for name in STRATEGIES if f"altools.kernels.{kernel}" in used_by(name)}


def used_by(strategy):
    """Return the modules that the query of a strategy depends on, by its imports and those of its signals."""
    chosen = Plan(grids.tiny(**VARIED)).config.strategy(strategy)
    signals = [f"altools.signals.{name}" for name in chosen.needs]
    return dependencies("altools.steps.query", chosen.module, *signals)
