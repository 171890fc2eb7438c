"""The fingerprint follows imports inside the package, and ignores what cannot change a result."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from altools.fingerprint import fingerprint
print(fingerprint('altools.steps.query', 'altools.strategies.margin'))
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path):
    import shutil

    shutil.copytree(ROOT / "altools", tmp_path / "altools", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def value(folder):
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("strategies/margin.py", True),
        ("pool.py", True),  # imported by margin
        ("storage.py", True),  # imported by the step, transitively
        ("strategies/entropy.py", False),
        ("training/supervised.py", False),
        ("config.py", False),
    ],
)
def test_an_edit_counts_exactly_where_the_module_is_used(copy, file, changes):
    before = value(copy)
    path = copy / "altools" / file
    path.write_text(path.read_text() + "\nEDITED = 1\n")
    assert (value(copy) != before) == changes


def test_comments_docstrings_and_layout_do_not_count(copy):
    before = value(copy)
    path = copy / "altools/strategies/margin.py"
    text = path.read_text().replace('"""Pick the ``budget``', '"""Choose the ``budget``')
    assert text != path.read_text()
    path.write_text("# a comment\n\n\n" + text)
    assert value(copy) == before


def test_an_edit_of_a_function_body_counts(copy):
    before = value(copy)
    path = copy / "altools/strategies/margin.py"
    path.write_text(path.read_text().replace("closeness(pool.probs)", "-closeness(pool.probs)"))
    assert value(copy) != before
