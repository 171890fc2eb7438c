"""The query strategies: one module each, with ``NEEDS`` and ``select(pool, budget, rng, *, options)``.

A module's file name is the strategy's name; there is no other registration.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from altools.config import plugins


def names() -> list[str]:
    """Return the strategies that ship with the benchmark."""
    return plugins.names(__name__)


def describe(name: str) -> plugins.Plugin:
    """Return needs, options and summary of a strategy without importing torch."""
    return plugins.describe(name, __name__, "select")


def load(name: str) -> ModuleType:
    """Import a strategy by name, or by the dotted path of a module outside this package."""
    return importlib.import_module(describe(name).module)
