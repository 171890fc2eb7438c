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


def margin_uncertainty(probs: Float[Tensor, "u c"]) -> Float[Tensor, " u"]:
    """Return 1 - margin, where the margin is the gap between the two largest probabilities of each row."""
    others = _others(probs)
    return others.sum(dim=1) + others.amax(dim=1)


def least_confidence(probs: Float[Tensor, "u c"]) -> Float[Tensor, " u"]:
    """Return the probability that the likeliest class of each row leaves to the others."""
    return _others(probs).sum(dim=1)


def _others(probs: Float[Tensor, "u c"]) -> Float[Tensor, "u c"]:
    """Set the likeliest class of each row to zero: what is left keeps its digits where that class is close to 1."""
    return probs.scatter(1, probs.argmax(dim=1, keepdim=True), 0)
