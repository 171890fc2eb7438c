"""Embeddings of the labelled images."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from altools.signals import Asked


def compute(asked: Asked) -> Float[Tensor, "l d"]:
    """Return the embeddings."""
    return asked.of_labelled.embeddings
