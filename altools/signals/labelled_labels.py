"""True classes of the labelled images, the only labels that a strategy sees."""

from __future__ import annotations

from jaxtyping import Int
from torch import Tensor

from altools.signals import Asked


def compute(asked: Asked) -> Int[Tensor, " l"]:
    """Return the class indices."""
    return asked.labelled_labels
