r"""Least confidence: query where the likeliest class is least likely.

.. math:: s(x) = 1 - \max_c p_c(x) \quad \text{(largest first; recorded score: } s\text{)}

Reference: Lewis and Gale, 1994, "A sequential algorithm for training text classifiers", Figure 1.
Differs: any number of classes, and probabilities of a network; ``mc_average`` averages them over dropout masks.
Cost: O(u c) time and memory. Draws no random numbers.
"""

from __future__ import annotations

from torch import Generator

from altools.kernels.uncertainty import least_confidence
from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"probs"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the ``budget`` candidates with the least confident prediction."""
    assert pool.probs is not None
    return top_k(least_confidence(pool.probs), budget)
