r"""Class probabilities under Monte-Carlo dropout before the last layer: one backbone pass, m masked heads.

.. math:: p_k(x) = \mathrm{softmax}\Big(W \big(z_k \odot h(x)\big) / (1 - r) + b\Big),
   \qquad z_{kj} \sim \mathrm{Bernoulli}(1 - r)

Every mask z_k is shared by all candidates, as BatchBALD's joint entropies need. The mask is folded into the weight,
W (z * h) = (W * z) h, so all heads are one product and no masked copy of the embeddings exists.

Reference: Gal and Ghahramani, 2016, "Dropout as a Bayesian approximation"; consistent masks: Kirsch, van Amersfoort
and Gal, 2019, section 3.
Differs: dropout before the last layer only. Whole-network passes per sample (the public code of arXiv 2312.05751)
give the same numbers where the last layer is the only one with dropout, at m times the cost.
Knows nothing about backbones: no batch statistic can be touched here.

Dimensions: u candidates, d embedding, c classes, m Monte-Carlo samples (masks).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Generator, Tensor

BLOCK_ELEMENTS = 1 << 24  # logits at a time: 64 MiB


def dropout_masks(samples: int, features: int, *, rate: float, generator: Generator) -> Float[Tensor, "m d"]:
    """Draw masks: 0 where an input is dropped, 1 / (1 - rate) where it is kept.

    Args:
        samples: number of masks, m.
        features: inputs of the last layer, d.
        rate: probability of dropping an input, in [0, 1).
        generator: a CPU generator; draws m d numbers, whatever the number of candidates.
    """
    return (torch.rand(samples, features, generator=generator) >= rate).float() / (1 - rate)


def masked_probs(
    embeddings: Float[Tensor, "u d"],
    weight: Float[Tensor, "c d"],
    bias: Float[Tensor, " c"],
    masks: Float[Tensor, "m d"],
) -> Float[Tensor, "u m c"]:
    """Return the class probabilities of every candidate under every mask.

    Cost: O(u m c d) time; the result is u m c floats, beside it m c d for the masked weights and a block of logits.

    Args:
        embeddings: inputs of the last layer.
        weight: weight of the last layer.
        bias: bias of the last layer.
        masks: see `dropout_masks`.
    """
    probs = embeddings.new_empty(len(embeddings), len(masks), len(weight))
    at = 0
    for block in _blocks(embeddings, weight, bias, masks):
        probs[at : at + len(block)] = block
        at += len(block)
    return probs


def mean_probs(
    embeddings: Float[Tensor, "u d"],
    weight: Float[Tensor, "c d"],
    bias: Float[Tensor, " c"],
    masks: Float[Tensor, "m d"],
) -> Float[Tensor, "u c"]:
    """Return the mean of `masked_probs` over the masks, which never exist all at once."""
    return torch.cat([block.mean(1) for block in _blocks(embeddings, weight, bias, masks)])


def _blocks(embeddings: Tensor, weight: Tensor, bias: Tensor, masks: Tensor) -> Iterator[Float[Tensor, "_ m c"]]:
    samples, classes = len(masks), len(weight)
    heads = (masks[:, None] * weight).flatten(0, 1).T
    biases = bias.repeat(samples)
    for block in embeddings.split(max(1, BLOCK_ELEMENTS // (samples * classes))):
        yield torch.addmm(biases, block, heads).view(-1, samples, classes).softmax(2)
