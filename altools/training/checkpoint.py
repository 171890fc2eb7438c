"""Where a training stands, kept in a file so that a killed job goes on instead of starting again.

Every random stream is named by its epoch, so resuming is replaying: weights, momentum and the history of the epochs
done are the whole state, and on a CPU the resumed training ends with the same bytes as an uninterrupted one.
Knows nothing about what is trained.
"""

from __future__ import annotations

import json
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
from altools.training.finite import finite
from altools.training.sgd import Sgd

EVERY_S = 120.0


@dataclass(kw_only=True)
class Checkpoint:
    """One file of safetensors with its facts as JSON, written atomically; it lives only while the job is not done."""

    path: Path
    identity: Mapping[str, Any]
    """What must be equal for a training to go on, by name (recipe, code, dataset ...); plain JSON values."""
    every_s: float = EVERY_S
    """Save after the epoch that ends so long after the last save."""
    every_epochs: int | None = None
    """Save also after so many epochs."""
    _saved_at: float = field(default_factory=time.monotonic)
    _saved_epochs: int = 0

    def __post_init__(self) -> None:
        self.identity = json.loads(json.dumps(self.identity))  # as it will be read back

    def restore(self, model: nn.Module, optimizer: Sgd, history: Any) -> int:
        """Put weights, momentum and history back, if there is a checkpoint of this very job.

        Args:
            model: as built; changed in place.
            optimizer: over the model's parameters.
            history: a dataclass of one list of numbers per column, empty.

        Returns:
            Number of epochs that are done; 0 where nothing was restored, with a line in the log if something was found.
        """
        self._remove_unfinished()
        if not self.path.exists():
            return 0
        try:
            tensors, facts = storage.read_tensors(self.path), storage.read_facts(self.path)
        except UserError as error:
            return self._ignore(str(error))
        found = facts.get("identity", {})
        other = sorted(name for name in {*found, *self.identity} if found.get(name) != self.identity.get(name))
        if other:
            return self._ignore(f"{self.path} is from another {' and '.join(other)}")
        model.load_state_dict(_under("model", tensors))
        with torch.no_grad():
            for index, buffer in enumerate(optimizer.buffers):
                buffer.copy_(tensors[f"momentum.{index}"])
        for name, values in _under("history", tensors).items():
            getattr(history, name).extend(values.tolist())
        self._saved_epochs = int(facts["epochs"])
        self._saved_at = time.monotonic()
        print(f"checkpoint: going on after epoch {self._saved_epochs} of {self.path}", file=sys.stderr)
        return self._saved_epochs

    def after_epoch(self, epochs: int, model: nn.Module, optimizer: Sgd, history: Any) -> None:
        """Save if it is time and nothing has diverged; ``epochs`` are done."""
        by_count = self.every_epochs is not None and epochs - self._saved_epochs >= self.every_epochs
        if (by_count or time.monotonic() - self._saved_at >= self.every_s) and finite(model):
            self._save(epochs, model, optimizer, history)

    def _save(self, epochs: int, model: nn.Module, optimizer: Sgd, history: Any) -> None:
        tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
        tensors |= {f"momentum.{index}": buffer for index, buffer in enumerate(optimizer.buffers)}
        for name, values in vars(history).items():
            exact = torch.int64 if all(isinstance(value, int) for value in values) else torch.float64
            tensors[f"history.{name}"] = torch.tensor(values, dtype=exact)
        storage.write_tensors(self.path, tensors, {"identity": dict(self.identity), "epochs": epochs})
        self._saved_epochs, self._saved_at = epochs, time.monotonic()

    def remove(self) -> None:
        """Remove the file once the job's outputs are written."""
        self.path.unlink(missing_ok=True)
        self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        """Remove what a kill in the middle of a write left behind."""
        for leftover in self.path.parent.glob(f".{self.path.name}.*.tmp"):
            leftover.unlink(missing_ok=True)

    def _ignore(self, why: str) -> int:
        print(f"checkpoint ignored, starting from the first epoch: {why}", file=sys.stderr)
        return 0


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose name starts with the prefix, without it."""
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
