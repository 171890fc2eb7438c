"""Random sampling: query a uniform subset, the baseline every strategy must beat.

Formula: the ``budget`` candidates with the smallest of u independent uniform numbers (recorded score: 0 for all).

Reference: no paper; a uniform sample without replacement.
Differs: the public code of arXiv 2312.05751 shuffles with NumPy's global generator, which training advances; here
the stream is the query's own.
Cost: O(u log u) time, O(u) extra memory. Draws one permutation of the pool.
"""

from __future__ import annotations

import torch
from torch import Generator

from altools.pool import Pool, Selection

NEEDS: frozenset[str] = frozenset()


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick ``budget`` candidates uniformly without replacement."""
    picks = torch.randperm(pool.size, generator=rng)[:budget]
    return Selection(picks=picks, scores=torch.zeros(budget))
