"""Class probabilities of the candidates under dropout masks before the last layer.

The backbone has no dropout, so it is asked once and the masks cost a small product each.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Lt
from jaxtyping import Float
from torch import Tensor

from altools.kernels.dropout_heads import dropout_masks, masked_probs
from altools.signals import Asked


def compute(
    asked: Asked, *, mc_samples: Annotated[int, Ge(2)] = 40, mc_rate: Annotated[float, Ge(0), Lt(1)] = 0.5
) -> Float[Tensor, "u m c"]:
    """Return probabilities under ``mc_samples`` masks, each shared by all candidates; units drop at ``mc_rate``."""
    weight, bias = asked.head
    masks = dropout_masks(mc_samples, weight.shape[1], rate=mc_rate, generator=asked.stream("dropout masks"))
    return masked_probs(asked.of_candidates.embeddings, weight, bias, masks.to(weight))
