"""Which training images are labelled and which form the pool, by their row in the training set.

Knows nothing about strategies or models: integers in, integers out.
"""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from altools.errors import UserError


def initial(n: int, size: int, rng: Generator) -> Int[Tensor, " size"]:
    """Draw the first labelled rows uniformly without replacement (paper's code: not stratified)."""
    return torch.randperm(n, generator=rng)[:size]


def pool_rows(n: int, labelled: Int[Tensor, " l"]) -> Int[Tensor, " u"]:
    """Return the rows that are not labelled, ascending.

    Raises:
        UserError: the labelled rows repeat or lie outside the training set.
    """
    free = torch.ones(n, dtype=torch.bool)
    if len(labelled) and not 0 <= int(labelled.min()) <= int(labelled.max()) < n:
        raise UserError(f"labelled rows must lie in 0..{n - 1}. Got {int(labelled.min())}..{int(labelled.max())}.")
    free[labelled] = False
    if int(free.sum()) != n - len(labelled):
        raise UserError(f"labelled rows must be distinct. Got {len(labelled) - n + int(free.sum())} repeats.")
    return free.nonzero().squeeze(1)
