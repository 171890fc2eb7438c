r"""Margin sampling: query where the two likeliest classes are closest.

.. math:: s(x) = p_{(1)}(x) - p_{(2)}(x) \quad \text{(smallest first; recorded score: } 1 - s\text{)}

Reference: Scheffer, Decomain and Wrobel, 2001, "Active hidden Markov models for information extraction".
Differs: class probabilities of a network, not hidden states; ``mc_average`` averages them over dropout masks.
Cost: O(u c) time and memory. Draws no random numbers.
"""

from __future__ import annotations

from torch import Generator

from altools.kernels.uncertainty import margin_uncertainty
from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"probs"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the ``budget`` candidates with the smallest margin."""
    assert pool.probs is not None
    return top_k(margin_uncertainty(pool.probs), budget)
