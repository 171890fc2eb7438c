"""The fingerprint follows imports inside the package, and ignores what cannot change a result."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from altools.config import fingerprint
from altools.plan import Plan
from tests.grids import tiny

ROOT = Path(__file__).parents[3]
MARGIN = ("altools.steps.query", "altools.strategies.margin")
SIMILAR = ("altools.steps.query", "altools.strategies.similar")
PROBS = "altools.signals.probs"
"""What the queries of a strategy that reads this signal name too."""


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "altools", tmp_path / "altools", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def value(folder, *modules):
    script = f"from altools.config.fingerprint import fingerprint\nprint(fingerprint(*{modules or MARGIN}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def edit(folder, file, old="", new="\nEDITED = 1\n"):
    """Replace a text in a module of the copy; without one, append a line of code."""
    path = folder / "altools" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new) if old else text + new)


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("strategies/margin.py", True),
        ("pool.py", True),  # imported by margin
        ("kernels/uncertainty.py", True),  # likewise
        ("kernels/spread.py", True),  # imported by the step
        ("data/labelled.py", True),  # likewise
        ("training/predict.py", True),  # imported by the signals, transitively
        ("storage.py", False),
        ("strategies/entropy.py", False),
        ("kernels/adversarial.py", False),  # of signals that margin does not read
        ("signals/bim_distance.py", False),
        ("training/supervised.py", False),
        ("config/schema.py", False),
        ("config/fingerprint.py", False),
        ("runtime/job.py", False),
        ("runtime/checkpoint.py", False),
        ("errors.py", False),
        ("layout.py", False),
        ("plan.py", False),
    ],
)
def test_an_edit_counts_exactly_where_the_module_is_used(copy, file, changes):
    before = value(copy)
    edit(copy, file)
    assert (value(copy) != before) == changes


@pytest.mark.parametrize("file", ["signals/probs.py", "kernels/dropout_heads.py"])
def test_the_code_of_a_signal_counts_for_the_strategies_that_read_it(copy, file):
    before = [value(copy, *MARGIN), value(copy, *MARGIN, PROBS)]
    edit(copy, file)
    after = [value(copy, *MARGIN), value(copy, *MARGIN, PROBS)]
    assert [old != new for old, new in zip(before, after, strict=True)] == [False, True]


def test_the_plan_names_the_signals_that_a_strategy_reads():
    plan = Plan(tiny(strategies=["random", "margin"]))
    codes = {name: plan.query_arguments("digits", name)["job"]["code"] for name in ("random", "margin")}
    step, model = "altools.steps.query", "altools.models.small_cnn"
    assert codes == {
        "random": fingerprint.code_version(step, model, "altools.strategies.random"),
        "margin": fingerprint.code_version(step, model, "altools.strategies.margin", PROBS),
    }


def test_every_neutral_module_is_there():
    """A module that is renamed must not count by accident."""
    assert all(fingerprint.source_of(name) for name in fingerprint.NEUTRAL)


def test_comments_docstrings_and_layout_do_not_count(copy):
    before = value(copy)
    edit(copy, "strategies/margin.py", '"""Pick the ``budget``', '"""Choose the ``budget``')
    path = copy / "altools/strategies/margin.py"
    path.write_text("# a comment\n\n\n" + path.read_text())
    assert value(copy) == before


def test_an_edit_of_a_function_body_counts(copy):
    before = value(copy)
    edit(copy, "strategies/margin.py", "margin_uncertainty(pool.probs)", "-margin_uncertainty(pool.probs)")
    assert value(copy) != before


MESSAGES = {
    "a strategy": ("strategies/similar.py", "needs labelled images as its query set. Got none", "has no query set:"),
    "what it imports": ("pool.py", "must hold at least 2 Monte-Carlo samples. Got", "holds too few samples:"),
}


@pytest.mark.parametrize(("file", "old", "new"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_reworded_does_not_count(copy, file, old, new):
    before = value(copy, *SIMILAR)
    edit(copy, file, old, new)
    assert value(copy, *SIMILAR) == before


STATEMENTS = [
    ('raise ValueError(f"one {size}")', 'raise ValueError(f"another {size}")', False),
    ('raise ValueError("one")', 'raise KeyError("one")', True),
    ("raise ValueError(1)", "raise ValueError(2)", True),
    ('error = UserError("one")', 'error = UserError("another")', False),
    ('print("one", file=out)', 'print("another", file=out)', False),
    ('warnings.warn("one")', 'warnings.warn("another")', False),
    ('name = "one"', 'name = "another"', True),
]


@pytest.mark.parametrize(("old", "new", "changes"), STATEMENTS)
def test_texts_count_where_they_are_no_messages(copy, old, new, changes):
    """In a kernel, the part of a strategy that computes most."""
    edit(copy, "kernels/uncertainty.py", new=f"\ndef f(size, out): {old}\n")
    before = value(copy)
    edit(copy, "kernels/uncertainty.py", old, new)
    assert (value(copy) != before) == changes
