"""Settings: how a task model starts, what of it is trained, which model a query asks, who chooses the first labels.

Imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Start = Literal["scratch", "simsiam"]
Ask = Literal["task", "reference"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How models of a run are made and asked."""

    start: Start = "scratch"
    """Initial weights of the backbone: drawn at random, or an encoder pre-trained with SimSiam."""
    ask: Ask = "task"
    """The model that a query asks: the task model of the round before, or the reference model."""

    @property
    def model(self) -> str:
        """Name of the folders of what depends on the start alone: round 0 and the reference model."""
        return "standard" if self.start == "scratch" else self.start


PRESETS = {
    "standard": Setting(),
    "simsiam": Setting(start="simsiam"),
    "reference_query": Setting(ask="reference"),
}
"""Settings that a config may name."""
