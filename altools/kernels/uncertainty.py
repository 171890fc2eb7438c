"""Three scores of how unsure a classifier is of an image, from its class probabilities; higher is less sure.

Dimensions: u images, c classes.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Score = Literal["entropy", "margin", "least_confidence"]


def uncertainty(probs: Float[Tensor, "u c"], score: Score) -> Float[Tensor, " u"]:
    """Return the named score of each row."""
    if score == "entropy":
        return -torch.special.xlogy(probs, probs).sum(dim=1)
    if score == "margin":
        first, second = probs.topk(2, dim=1).values.unbind(dim=1)
        return second - first
    return -probs.amax(dim=1)
