"""What is measured on the test set: one module each with ``score(probs, labels, classes, *, options)``.

NumPy in, named numbers out; a number that is undefined on a test set is NaN, never left out. A module names in
``LOWER_IS_BETTER`` those of its numbers of which less is better, in ``NO_SHARE`` those that do not lie between 0 and 1.
What modules of other packages say there is read after `read_also`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from altools.config import plugins

_others: list[str] = []


def score_all(
    metrics: Mapping[str, Mapping[str, Any]],
    probs: Float[np.ndarray, "n c"],
    labels: Int[np.ndarray, " n"],
    classes: Sequence[str],
) -> dict[str, float]:
    """Return the numbers of several metric modules by name; ``metrics`` maps each module to its options."""
    numbers: dict[str, float] = {}
    for name, options in metrics.items():
        module = importlib.import_module(plugins.describe(name, __name__, "score").module)
        numbers.update(module.score(probs, labels, classes, **options))
    return numbers


def read_also(modules: Sequence[str]) -> None:
    """Let `named` know the numbers of these modules of other packages, dotted paths, for the life of this process."""
    _others[:] = modules
    named.cache_clear()


@cache
def named(constant: Literal["LOWER_IS_BETTER", "NO_SHARE"]) -> frozenset[str]:
    """Return the numbers that the known modules name in a constant; reads their source, imports none."""
    plugs = (plugins.describe(name, __name__, "score") for name in [*plugins.names(__name__), *_others])
    return frozenset().union(*(plugin.constants.get(constant, ()) for plugin in plugs))
