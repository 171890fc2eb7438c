"""How unsure a classifier is of an image, from its class probabilities.

Dimensions: u images, c classes.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def entropy(probs: Float[Tensor, "u c"]) -> Float[Tensor, " u"]:
    """Return the entropy of each row in nats; exact zeros contribute nothing."""
    return -torch.xlogy(probs, probs).sum(dim=1)


def margin(probs: Float[Tensor, "u c"]) -> Float[Tensor, " u"]:
    """Return the gap between the two largest probabilities of each row; small is unsure."""
    first, second = probs.topk(2, dim=1).values.unbind(dim=1)
    return first - second


def doubt(probs: Float[Tensor, "u c"]) -> Float[Tensor, " u"]:
    """Return the probability that the likeliest class of each row leaves to the others."""
    return 1 - probs.amax(dim=1)
