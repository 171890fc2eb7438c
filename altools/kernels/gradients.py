r"""Gradients of the cross-entropy at the last linear layer, as the outer products they are.

.. math:: \nabla_W \ell(x, y) = (p(x) - e_y) \, h(x)^\top =: a h^\top, \qquad
    \langle a_1 h_1^\top, a_2 h_2^\top \rangle = \langle a_1, a_2 \rangle \langle h_1, h_2 \rangle

Costs c + d numbers per image instead of c · d. The gradient of the bias is the residual a itself; appending a 1 to h
includes it.

Dimensions: n images, c classes, d embedding.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools.kernels.points import Points, outer_products, unit_rows

NEGLIGIBLE = 1e-30
"""A saturated network's probabilities reach subnormal floats, which slow matrix products down a hundredfold."""


def residuals(probs: Float[Tensor, "n c"], labels: Int[Tensor, " n"] | None = None) -> Float[Tensor, "n c"]:
    """Return p minus the one-hot label; the predicted class (the first of equals) stands in for no label.

    The label's entry is minus the sum of the others, not p - 1: that keeps its digits where p is close to 1, and so the
    direction of a sure image's gradient. Probabilities below `NEGLIGIBLE` count as zero.
    """
    target = (probs.argmax(dim=1) if labels is None else labels)[:, None]
    out = probs.masked_fill(probs < NEGLIGIBLE, 0).scatter_(1, target, 0)
    return out.scatter_(1, target, -out.sum(dim=1, keepdim=True))


def with_bias(embeddings: Float[Tensor, "n d"]) -> Float[Tensor, "n e"]:
    """Append the constant 1 that belongs to the bias."""
    return torch.nn.functional.pad(embeddings, (0, 1), value=1.0)


def squared_norms(residual: Float[Tensor, "n c"], embeddings: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """Return the squared length of every gradient."""
    return residual.square().sum(dim=1) * embeddings.square().sum(dim=1)


def inner_products(
    residual: Float[Tensor, "n c"], embeddings: Float[Tensor, "n d"], one: Int[Tensor, " 1"]
) -> Float[Tensor, " n"]:
    """Return the product of every gradient with that of image ``one``."""
    return (residual @ residual[one][0]) * (embeddings @ embeddings[one][0])


def directions(residual: Float[Tensor, "n c"], embeddings: Float[Tensor, "n d"]) -> Points:
    """Return the gradients for similarity (1 + cosine) / 2; a zero gradient has similarity 1/2 to everything."""
    return outer_products(unit_rows(residual)[0], unit_rows(embeddings)[0], shifted=True)
