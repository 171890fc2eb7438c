"""One pass of a trained network over images as a test sees them: logits and embeddings, in large batches."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from altools.encoded import EncodedImages
from altools.images import Images
from altools.models import Classifier, Outputs

BATCH = {"cuda": 512, "cpu": 64}
"""Images at a time by kind of device; a CPU wants what its cache holds."""


@torch.inference_mode()
def predict(model: Classifier, images: Images | EncodedImages, rows: Int[Tensor, " r"] | None = None) -> Outputs:
    """Return float32 outputs of the given rows (all of them by default), on the images' device.

    The network is used in evaluation mode and left in the mode it was in; nothing in it changes.
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
