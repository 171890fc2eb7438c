"""Class probabilities of the candidates."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Lt
from jaxtyping import Float
from torch import Tensor

from altools.kernels.dropout_heads import dropout_masks, mean_probs
from altools.signals import Asked


def compute(
    asked: Asked, *, mc_average: Annotated[int, Ge(0)] = 0, mc_rate: Annotated[float, Ge(0), Lt(1)] = 0.5
) -> Float[Tensor, "u c"]:
    """Return probabilities of the network, or their mean over ``mc_average`` dropout masks where that is above 0."""
    if not mc_average:
        return asked.of_candidates.logits.softmax(1)
    weight, bias = asked.head
    masks = dropout_masks(mc_average, weight.shape[1], rate=mc_rate, generator=asked.stream("dropout masks"))
    return mean_probs(asked.of_candidates.embeddings, weight, bias, masks.to(weight))
