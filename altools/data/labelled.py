"""Labelled sets: which training images are labelled and since when, and which form the pool.

An image is named by its row in the training set.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int, Int16
from torch import Generator, Tensor

from altools import storage
from altools.errors import UserError


class Labelled(NamedTuple):
    """A labelled set, in the order in which images were labelled."""

    rows: Int[Tensor, " l"]
    """Rows in the training set."""
    rounds: Int16[Tensor, " l"]
    """Round in which each image was labelled."""

    def extended(self, rows: Int[Tensor, " b"], round: int) -> Labelled:
        """Return the set with more rows, labelled in ``round``."""
        rounds = torch.full((len(rows),), round, dtype=torch.int16)
        return Labelled(torch.cat([self.rows, rows]), torch.cat([self.rounds, rounds]))


def first(rows: Int[Tensor, " l"]) -> Labelled:
    """Return the labelled set of round 0."""
    return Labelled(rows, torch.zeros(len(rows), dtype=torch.int16))


def draw_initial(n: int, size: int, rng: Generator) -> Int[Tensor, " size"]:
    """Draw the first labelled rows uniformly without replacement, not stratified, as in the paper's code."""
    return torch.randperm(n, generator=rng)[:size]


def pool_rows(n: int, labelled: Int[Tensor, " l"]) -> Int[Tensor, " u"]:
    """Return the rows that are not labelled, ascending.

    Args:
        n: number of training images.
        labelled: labelled rows, int64.

    Raises:
        UserError: the labelled rows repeat or lie outside the training set.

    Example:
        >>> pool_rows(5, torch.tensor([3, 0])).tolist()
        [1, 2, 4]
    """
    free = torch.ones(n, dtype=torch.bool)
    if len(labelled) and not 0 <= int(labelled.min()) <= int(labelled.max()) < n:
        raise UserError(f"labelled rows must lie in 0..{n - 1}. Got {int(labelled.min())}..{int(labelled.max())}.")
    free[labelled] = False
    if int(free.sum()) != n - len(labelled):
        raise UserError(f"labelled rows must be distinct. Got {len(labelled) - n + int(free.sum())} repeats.")
    return free.nonzero().squeeze(1)


def read_labelled(path: str) -> Labelled:
    """Read a labelled set from its parquet file."""
    columns = storage.read_columns(path, ["index", "round"])
    return Labelled(torch.from_numpy(columns["index"].copy()), torch.from_numpy(columns["round"].copy()))


def write_labelled(path: str, labelled: Labelled, provenance: storage.Provenance) -> None:
    """Write a labelled set as parquet: ``index`` int64 and ``round`` int16."""
    rows, rounds = labelled.rows.numpy(), labelled.rounds.numpy()
    storage.write_columns(path, {"index": rows.astype(np.int64), "round": rounds.astype(np.int16)}, provenance)
