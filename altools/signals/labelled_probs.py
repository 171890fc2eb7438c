"""Class probabilities of the labelled images."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from altools.signals import Asked


def compute(asked: Asked) -> Float[Tensor, "l c"]:
    """Return the probabilities."""
    return asked.of_labelled.logits.softmax(1)
