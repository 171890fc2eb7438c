"""The loop over epochs that supervised training and pre-training share: resume, train, check, record, checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from altools.errors import UserError
from altools.runtime.progress import progress
from altools.training.sgd import Sgd


@dataclass(frozen=True)
class Kind:
    """A kind of training, for messages."""

    title: str
    """Title of the progress bar."""
    loss: str
    """Name of its loss."""
    key: str
    """Key of its recipe in the config."""
    job_name: str = "a training"
    """The job in words."""


SUPERVISED = Kind(title="train", loss="training", key="recipe")
SIMSIAM = Kind(title="pretrain", loss="SimSiam", key="pretrain")


class History:
    """Numbers of a training, a row per epoch and a list per column."""

    def __init__(self, *columns: str) -> None:
        self.columns: dict[str, list[int | float]] = {name: [] for name in columns}

    def append(self, **row: int | float) -> None:
        """Add a row; it must have every column."""
        for name, values in self.columns.items():
            values.append(row[name])

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the columns as arrays."""
        return {name: np.asarray(values) for name, values in self.columns.items()}


class Epoch(NamedTuple):
    """Result of one epoch."""

    losses: Float[Tensor, " steps"]
    """Mean loss of each step, float64, on the CPU."""
    images: int
    """Images seen."""
    row: Mapping[str, int | float]
    """Columns of the history, ``learning_rate`` among them; `fit` adds ``epoch``, ``images_per_s`` and ``wall_s``."""


@runtime_checkable
class Checkpoint(Protocol):
    """Where a killed training continues from (`altools.runtime.checkpoint`)."""

    def restore(self, model: nn.Module, optimizer: Sgd, history: History) -> int:
        """Restore all three in place; return the number of epochs that are done."""

    def after_epoch(self, epochs: int, model: nn.Module, optimizer: Sgd, history: History) -> None:
        """Save where it is time to."""


def fit(
    model: nn.Module,
    optimizer: Sgd,
    run_epoch: Callable[[int], Epoch],
    history: History,
    *,
    epochs: int,
    kind: Kind,
    checkpoint: Checkpoint | None = None,
    measure: Callable[[int], Mapping[str, int | float]] = lambda epoch: {},
) -> History:
    """Run the epochs that are left, and leave the model in evaluation mode.

    Args:
        model: trained in place by ``run_epoch``.
        optimizer: over the model's parameters.
        run_epoch: trains one epoch, given its number.
        history: filled with a row per epoch.
        epochs: number of epochs in all.
        kind: what is trained, for messages.
        checkpoint: where a killed training continues from.
        measure: further columns of the history, computed outside the time of the epoch.

    Returns:
        The history.

    Raises:
        UserError: a loss or a weight is no longer finite.
    """
    done = checkpoint.restore(model, optimizer, history) if checkpoint else 0
    model.train()
    for epoch in progress(range(done, epochs), epochs - done, "epoch", kind.title):
        started = time.perf_counter()
        losses, images, row = run_epoch(epoch)
        require_finite(losses, epoch, row["learning_rate"], kind)
        wall_s = time.perf_counter() - started
        history.append(epoch=epoch, images_per_s=images / wall_s, wall_s=wall_s, **row, **measure(epoch))
        if checkpoint:
            checkpoint.after_epoch(epoch + 1, model, optimizer, history)
    require_finite_weights(model, kind)
    model.eval()
    return history


def require_finite(losses: Float[Tensor, " steps"], epoch: int, rate: float, kind: Kind) -> None:
    """Require that the losses of an epoch are finite.

    Args:
        losses: one per step, on the CPU.
        epoch: its number.
        rate: its learning rate.
        kind: what is trained.

    Raises:
        UserError: one is not; the message names the epoch, the step and the learning rate.
    """
    infinite = (~losses.isfinite()).nonzero()
    if len(infinite):
        step = int(infinite[0])
        raise UserError(
            f"the {kind.loss} loss must stay finite. Got {float(losses[step])} in epoch {epoch}, step {step} of "
            f"{len(losses)}, at learning rate {rate:g} ({kind.job_name}); lower {kind.key}.learning_rate."
        )


def require_finite_weights(model: nn.Module, kind: Kind) -> None:
    """Require that the weights are finite after the last step, whose effect no loss has shown.

    Raises:
        UserError: a weight is not.
    """
    if not _finite(model):
        raise UserError(
            f"the weights must stay finite. The last step made one infinite ({kind.job_name}); lower "
            f"{kind.key}.learning_rate."
        )


@torch.no_grad()
def _finite(model: nn.Module) -> bool:
    """Return whether all weights are finite."""
    return bool(torch.stack([weight.isfinite().all() for weight in model.parameters()]).all())
