r"""Entropy sampling: query where the predicted class distribution is widest.

.. math:: s(x) = -\sum_c p_c(x) \log p_c(x), \quad 0 \log 0 = 0 \quad \text{(nats; largest first)}

Reference: Settles, 2009, "Active learning literature survey", equation in section 3.1 (Shannon, 1948).
Differs: nothing from the paper; the public code of arXiv 2312.05751 takes log p of an underflowed p = 0 and so ranks
NaN. ``mc_average`` averages the probabilities over dropout masks.
Cost: O(u c) time and extra memory. Draws no random numbers.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"probs"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the ``budget`` candidates with the largest entropy."""
    assert pool.probs is not None
    return top_k(entropy(pool.probs), budget)


def entropy(probs: Float[Tensor, "u c"]) -> Float[Tensor, " u"]:
    """Return the entropy of each row in nats; exact zeros contribute nothing."""
    return -torch.xlogy(probs, probs).sum(dim=1)
