"""Save the state of a training, so that a killed job continues instead of starting again.

Weights, momentum and history are the whole state, because every random stream is named by its epoch. On a CPU a
resumed training ends with the same bytes as an uninterrupted one. Knows nothing about what is trained.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from altools import storage
from altools.errors import UserError

EVERY_S = 120.0
"""Seconds between two saves, unless the environment variable ``ALTOOLS_CHECKPOINT_S`` says otherwise."""


def beside(
    output: str, source: Mapping[str, Any], seed: int, device: torch.device, *, writes: bool = True
) -> Checkpoint:
    """Return the checkpoint of a job, a hidden file beside its main output.

    Args:
        output: path of that output.
        source: provenance of the job: a checkpoint of other code, params or inputs is ignored.
        seed: likewise.
        device: likewise, by its kind.
        writes: whether this process saves.
    """
    identity = {key: source[key] for key in ("code", "params", "inputs")}
    return Checkpoint(
        path=Path(output).parent / ".checkpoint.safetensors",
        identity={**identity, "seed": seed, "device": device.type},
        every_s=float(os.environ.get("ALTOOLS_CHECKPOINT_S", EVERY_S)),
        writes=writes,
    )


@dataclass(kw_only=True)
class Checkpoint:
    """A hidden file of safetensors beside the job's output, removed when the job is done."""

    path: Path
    identity: Mapping[str, Any]
    """What must be equal for a training to continue, by name (recipe, code, dataset ...); plain JSON values."""
    every_s: float = EVERY_S
    """Save after the first epoch that ends so many seconds after the last save."""
    every_epochs: int | None = None
    """Save also after so many epochs."""
    writes: bool = True
    """Whether this process saves; of several that train together, one does."""
    _saved_at: float = field(default_factory=time.monotonic)
    _saved_epochs: int = 0

    def __post_init__(self) -> None:
        self.identity = json.loads(json.dumps(self.identity))  # as it will be read back

    def restore(self, model: nn.Module, optimizer: Any, history: Any) -> int:
        """Restore weights, momentum and history in place, if there is a checkpoint of this very job.

        Args:
            model: as built.
            optimizer: over the model's parameters; has ``buffers``.
            history: without rows; has ``columns`` (`altools.training.fit.History`).

        Returns:
            Number of epochs that are done; 0 where nothing was restored.
        """
        self._remove_unfinished()
        if not self.path.exists():
            return 0
        try:
            tensors, facts = storage.read_tensors(self.path), storage.read_provenance(self.path)
        except UserError as error:
            return self._ignore(str(error))
        saved = facts.get("identity", {})
        other = sorted(name for name in {*saved, *self.identity} if saved.get(name) != self.identity.get(name))
        if other:
            return self._ignore(f"{self.path} is from another {' and '.join(other)}")
        model.load_state_dict(_under("model", tensors))
        with torch.no_grad():
            for index, buffer in enumerate(optimizer.buffers):
                buffer.copy_(tensors[f"momentum.{index}"])
        for name, values in _under("history", tensors).items():
            history.columns[name].extend(values.tolist())
        self._saved_epochs = int(facts["epochs"])
        self._saved_at = time.monotonic()
        print(f"checkpoint: continuing after epoch {self._saved_epochs} of {self.path}", file=sys.stderr)
        return self._saved_epochs

    def after_epoch(self, epochs: int, model: nn.Module, optimizer: Any, history: Any) -> None:
        """Save if it is time to and everything is finite.

        Args:
            epochs: number of epochs done.
            model: see `restore`.
            optimizer: likewise.
            history: likewise.
        """
        by_count = self.every_epochs is not None and epochs - self._saved_epochs >= self.every_epochs
        if not self.writes or not (by_count or time.monotonic() - self._saved_at >= self.every_s):
            return
        tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
        tensors |= {f"momentum.{index}": buffer for index, buffer in enumerate(optimizer.buffers)}
        if not all(bool(value.isfinite().all()) for value in tensors.values()):
            return
        for name, values in history.columns.items():
            exact = torch.int64 if all(isinstance(value, int) for value in values) else torch.float64
            tensors[f"history.{name}"] = torch.tensor(values, dtype=exact)
        storage.write_tensors(self.path, tensors, {"identity": dict(self.identity), "epochs": epochs})
        self._saved_epochs, self._saved_at = epochs, time.monotonic()

    def remove(self) -> None:
        """Remove the file once the job's outputs are written."""
        self.path.unlink(missing_ok=True)
        self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        """Remove temporary files of a process that was killed while writing."""
        for leftover in self.path.parent.glob(f".{self.path.name}.*.tmp"):
            leftover.unlink(missing_ok=True)

    def _ignore(self, why: str) -> int:
        print(f"checkpoint ignored, starting from the first epoch: {why}", file=sys.stderr)
        return 0


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose name starts with the prefix, without it."""
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
