"""The processes that train one network together, and what they exchange."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, distributed

from altools.models import Outputs


@dataclass(frozen=True)
class Ranks:
    """This process by its number; alone unless a launcher has started several (`altools.runtime.launch`)."""

    rank: int = 0
    size: int = 1
    device: torch.device | None = None
    """Device of this process, where there are several."""

    @classmethod
    def join(cls, kind: str) -> Ranks:
        """Join the group of processes that a launcher has started, each on a device of its own.

        Args:
            kind: "cuda" (NCCL) or "cpu" (Gloo).
        """
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if kind == "cuda" else torch.device("cpu")
        if kind == "cuda":
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
        return cls(distributed.get_rank(), distributed.get_world_size(), device)

    def share(self, batch: Int[Tensor, " b"]) -> tuple[Int[Tensor, " s"], Float[Tensor, " s"]]:
        """Return this process's part of a batch and the weight of each image.

        A process without an image takes the first one with weight zero, because all processes must take part in a step.
        """
        mine = batch[self.rank :: self.size]
        return (mine, torch.ones(len(mine))) if len(mine) else (batch[:1], torch.zeros(1))

    def total(self, values: Tensor) -> Tensor:
        """Return the sum over all processes."""
        if self.size > 1:
            distributed.all_reduce(values)
        return values

    def broadcast_(self, values: Iterable[Tensor]) -> None:
        """Overwrite the values of every process with those of rank 0."""
        if self.size > 1:
            for value in values:
                distributed.broadcast(value, 0)

    def gather(self, part: Callable[[Int[Tensor, " r"]], Outputs], count: int) -> Outputs:
        """Return the outputs for ``count`` rows; every process computes its share of them.

        Args:
            part: computes the outputs of some rows.
            count: number of rows, at least that of processes.
        """
        rows = torch.arange(count)
        if self.size == 1:
            return part(rows)
        mine = rows[self.rank :: self.size]
        whole = []
        for values in part(mine):
            filled = values.new_zeros(count, values.shape[1])
            filled[mine.to(values.device)] = values
            whole.append(self.total(filled))
        return Outputs(*whole)


ALONE = Ranks()
