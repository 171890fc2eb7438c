"""Embeddings of the candidates: the input of the last linear layer."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from altools.signals import Asked


def compute(asked: Asked) -> Float[Tensor, "u d"]:
    """Return the embeddings."""
    return asked.of_candidates.embeddings
