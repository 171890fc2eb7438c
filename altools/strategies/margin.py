r"""Margin sampling: query where the two likeliest classes are closest.

.. math:: s(x) = p_{(1)}(x) - p_{(2)}(x) \quad \text{(smallest first; recorded score: } -s\text{)}

Reference: Scheffer, Decomain and Wrobel, 2001, "Active hidden Markov models for information extraction".
Differs: class probabilities of a network, not hidden states; ``mc_average`` averages them over dropout masks.
Cost: O(u c) time, O(u) extra memory. Draws no random numbers.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Generator, Tensor

from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"probs"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the ``budget`` candidates with the smallest margin."""
    assert pool.probs is not None
    return top_k(-margin(pool.probs), budget)


def margin(probs: Float[Tensor, "u c"]) -> Float[Tensor, " u"]:
    """Return the gap between the two largest probabilities of each row."""
    first, second = probs.topk(2, dim=1).values.unbind(dim=1)
    return first - second
