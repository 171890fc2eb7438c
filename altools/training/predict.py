"""Ask a trained network about images as a test sees them: outputs in large batches, attacks in blocks."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools.data.images import ImageSet
from altools.models import Classifier, Outputs

BATCH = {"cuda": 512, "cpu": 64}
"""Images at a time by kind of device; on a CPU, what its cache holds."""
ATTACKED_PIXELS = 1 << 26
"""Pixels attacked at a time: their float copy takes 256 MiB. The attack keeps its own batches full."""


@torch.inference_mode()
def predict(model: Classifier, images: ImageSet, rows: Int[Tensor, " r"] | None = None) -> Outputs:
    """Return float32 outputs for some rows, on the images' device.

    The network is used in evaluation mode and left in the mode it was in; nothing in it changes.

    Args:
        model: on the images' device.
        images: the images.
        rows: rows to predict, all by default.
    """
    rows = torch.arange(len(images)) if rows is None else rows
    training = model.training
    model.eval()
    try:
        parts = [model(batch) for batch in images.batches(rows.split(BATCH.get(images.device.type, 64)))]
    finally:
        model.train(training)
    return Outputs(
        torch.cat([part.logits for part in parts]).float(), torch.cat([part.embeddings for part in parts]).float()
    )


def attack(
    model: Classifier,
    images: ImageSet,
    rows: Int[Tensor, " r"],
    distances: Callable[[Callable[[Tensor], Tensor], Tensor], Float[Tensor, " b"]],
) -> Float[Tensor, " r"]:
    """Return the distance of some images from the decision boundary, by an adversarial attack on pixels in 0..1.

    Args:
        model: put into evaluation mode, without gradients of its weights.
        images: the images.
        rows: rows to attack.
        distances: the attack, given the logits as a function of pixels, and pixels.
    """
    model.eval().requires_grad_(False)
    parts = rows.split(max(1, ATTACKED_PIXELS // math.prod(images.shape)))
    return torch.cat(
        [distances(lambda pixels: model(images.normalise(pixels)).logits, images.unit(part)) for part in parts]
    )
