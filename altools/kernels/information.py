r"""Entropies and mutual information of Monte-Carlo predictions, in nats, blocked over the candidates.

.. math:: I(y; w) = H\Big(\tfrac1m \sum_k p_k\Big) - \tfrac1m \sum_k H(p_k), \qquad H(p) = -\sum_c p_c \log p_c

Sums run in float64 (float32 leaves noise of 2e-7 where the samples agree) and 0 log 0 is 0. The terms of H are concave,
so I >= 0 holds for every non-negative input, up to 1e-15.
Knows nothing about how the probabilities were made.

Dimensions: u candidates, m Monte-Carlo samples, c classes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

BLOCK_ELEMENTS = 1 << 21  # 16 MiB of float64 per temporary
AGREEMENT_NATS = 1e-6
"""Information below this is rounding: it is quadratic in the disagreement, so float32 noise gives 1e-13."""


def mutual_information(mc_probs: Float[Tensor, "u m c"]) -> Float[Tensor, " u"]:
    """Return the BALD score of every candidate: what its label would say about the mask (float64).

    Reference: Houlsby et al., 2011, "Bayesian active learning for classification and preference learning", eq. 2.
    Cost: O(u m c) time, O(1) extra memory per block.
    """
    return mixture_entropy(mc_probs) - sample_entropies(mc_probs).mean(1)


def mixture_entropy(mc_probs: Float[Tensor, "u m c"]) -> Float[Tensor, " u"]:
    """Return the entropy of the prediction averaged over the samples (float64)."""
    return _blocked(mc_probs, _of_mean)


def sample_entropies(mc_probs: Float[Tensor, "u m c"]) -> Float[Tensor, "u m"]:
    """Return the entropy of every single sample's prediction (float64)."""
    return _blocked(mc_probs, entropy)


def entropy(probs: Float[Tensor, "*rows c"], spare: Float[Tensor, "*rows c"] | None = None) -> Float[Tensor, "*rows"]:
    """Return the entropy over the last axis; exact zeros count nothing. ``spare`` is overwritten."""
    # log of a clamped p times p: the same value as special.entr, a third of its time on the CPU.
    return -torch.clamp(probs, min=torch.finfo(probs.dtype).tiny, out=spare).log_().mul_(probs).sum(-1)


def _of_mean(block: Float[Tensor, "w m c"], spare: Float[Tensor, "w m c"]) -> Float[Tensor, " w"]:
    rows, _, classes = block.shape
    mean, free = (room.flatten()[: rows * classes].view(rows, classes) for room in (spare, block))
    return entropy(torch.mean(block, 1, out=mean), free)


def _blocked(mc_probs: Float[Tensor, "u m c"], function: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    rows = max(1, BLOCK_ELEMENTS // mc_probs[0].numel())
    # Two buffers for all blocks: fresh ones fragment the heap, up to twice the signal at c = 1,000.
    double, spare = mc_probs.new_empty(2, *mc_probs[:rows].shape, dtype=torch.float64)
    blocks = mc_probs.split(rows)
    return torch.cat([function(double[: len(block)].copy_(block), spare[: len(block)]) for block in blocks])
