"""What a strategy sees and what it answers: `Pool` in, `Selection` out.

Knows nothing about images, models or labels of the pool. A signal that a strategy did not
declare in its ``NEEDS`` is ``None`` here, so it cannot be read by accident.

Dimensions: u unlabelled images (candidates), l labelled images, c classes, d embedding, m Monte-Carlo samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The signals of the candidates (and of the labelled set) in one round.

    Every tensor lies on one device; floats are float32. Construction checks what a strategy may rely on:
    equal lengths, finite values, probabilities that sum to one.

    Raises:
        UserError: a signal breaks one of these promises; the message names it and ``job_name``.
    """

    size: int
    """Number of candidates, u."""
    probs: Float[Tensor, "u c"] | None = None
    """Class probabilities of the candidates."""
    embeddings: Float[Tensor, "u d"] | None = None
    """Penultimate activations of the candidates, the input of the last linear layer."""
    mc_probs: Float[Tensor, "u m c"] | None = None
    """Class probabilities under m dropout masks, each mask shared by all candidates."""
    bim_distance: Float[Tensor, " u"] | None = None
    """Squared L2 length of the BIM perturbation that flips the prediction, in pixel units; +inf if none does."""
    deepfool_distance: Float[Tensor, " u"] | None = None
    """Squared L2 length of the DeepFool perturbation that flips the prediction, in pixel units; +inf if none does."""
    labelled_probs: Float[Tensor, "l c"] | None = None
    """Class probabilities of the labelled images."""
    labelled_embeddings: Float[Tensor, "l d"] | None = None
    """Penultimate activations of the labelled images."""
    labelled_labels: Int[Tensor, " l"] | None = None
    """True classes of the labelled images, the only labels a strategy can see."""
    memory: Mapping[str, Tensor] = field(default_factory=dict)
    """What this strategy left for the candidates in the round before (`Selection.memory`), a row each."""
    job_name: str = "pool"
    """The job in words (dataset, setting, strategy, seed, round), for messages."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, Tensor):
                self._check(entry.name, value)
        for name, value in self.memory.items():
            self._check_length(f"memory[{name!r}]", value, self.size)

    def _check(self, name: str, value: Tensor) -> None:
        labelled = name.startswith("labelled_")
        length = self.labelled_size if labelled else self.size
        self._check_length(name, value, length)
        if not value.is_floating_point():
            return
        if name.endswith("_distance"):
            self._refuse_rows(name, value.isnan(), "free of NaN")
            self._refuse_rows(name, value < 0, "at least 0")
        # A sum is finite only if every entry is; row by row is looked only where it is not, because a mask of a large
        # signal costs as much memory as a quarter of it.
        elif not bool(value.sum().isfinite()):
            self._refuse_rows(name, ~value.isfinite(), "finite")
        if name.endswith("probs"):
            off = (value.sum(-1) - 1).abs() > 1e-3
            if value.numel() and bool(value.min() < 0):
                off |= (value < 0).any(-1)
            self._refuse_rows(name, off, "class probabilities that sum to one")
        if name == "mc_probs" and value.shape[1] < 2:
            raise UserError(
                f"Pool.mc_probs must hold at least 2 Monte-Carlo samples. Got {value.shape[1]} ({self.job_name}); "
                "raise mc_samples in the strategy's config entry."
            )

    @property
    def labelled_size(self) -> int:
        """Number of labelled images, l (0 when no labelled signal was asked for)."""
        for value in (self.labelled_labels, self.labelled_embeddings, self.labelled_probs):
            if value is not None:
                return len(value)
        return 0

    def constant_signals(self) -> list[str]:
        """Return the names of signals that are constant over the pool."""
        signals = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return [
            name
            for name, value in signals.items()
            if isinstance(value, Tensor) and not name.startswith("labelled_") and _constant(value)
        ]

    def _check_length(self, name: str, value: Tensor, length: int) -> None:
        if len(value) != length:
            raise UserError(
                f"Pool.{name} must have {length} rows, one per image. Got {len(value)} ({self.job_name}); "
                "the model's forward must return one for each."
            )

    def _refuse_rows(self, name: str, bad: Tensor, promise: str) -> None:
        rows = bad.flatten(1).any(1) if bad.dim() > 1 else bad
        count = int(rows.sum())
        if count:
            first = int(rows.nonzero()[0])
            raise UserError(
                f"Pool.{name} must be {promise}. Got {count} bad rows of {len(rows)}, first at position {first} "
                f"({self.job_name}); look at the training history of the queried model."
            )


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The answer of a strategy: which candidates to label next.

    Every value but ``memory`` describes the picks; ``memory`` describes all candidates, and the runner hands it
    back in the next round (without the picked rows) as `Pool.memory`.
    """

    picks: Int[Tensor, " b"]
    """Positions in the pool, distinct, in the order they were chosen."""
    scores: Float[Tensor, " b"]
    """The score each pick was chosen by; its meaning is the strategy's own (see its docstring)."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Facts worth recording about this query (ties, saturation, zero gradients), plain JSON values."""
    memory: dict[str, Tensor] = field(default_factory=dict)
    """Tensors with a row per candidate that the strategy wants back in the next round."""


def _constant(rows: Tensor) -> bool:
    if len(rows) < 2 or not bool((rows[0] == rows[1]).all()):  # nearly always, and spares a mask of all
        return False
    return bool((rows == rows[:1]).all())


def top_k(scores: Float[Tensor, " u"], budget: int) -> Selection:
    """Pick the highest scores; equal scores keep pool order (`torch.topk` leaves that open).

    Args:
        scores: one number per candidate, no NaN (−inf ranks last).
        budget: number of picks, at most u.
    """
    order = torch.sort(scores, descending=True, stable=True)
    picks = order.indices[:budget]
    ordered = order.values
    tied = bool(0 < budget < len(scores) and ordered[budget - 1] == ordered[budget])
    notes = {"tied_at_cut": int((scores == ordered[budget - 1]).sum())} if tied else {}
    return Selection(picks=picks, scores=ordered[:budget], notes=notes)
