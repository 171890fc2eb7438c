"""Known bugs, planted one at a time: each must make the named tests fail (`tests/oracles/test_mutations.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One bug: a replacement in the source of a module, and the test that must notice it."""

    name: str
    module: str
    """Dotted name, e.g. ``altools.strategies.badge``."""
    find: str
    """Exact source text; it must occur once."""
    replace: str
    test: str
    """What pytest is asked to run, e.g. ``tests/oracles/test_badge.py::test_x``."""
