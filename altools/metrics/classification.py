"""Accuracy, balanced accuracy, macro F1 and the recall of each class, from the predicted classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int


def score(probs: Float[np.ndarray, "n c"], labels: Int[np.ndarray, " n"], classes: Sequence[str]) -> dict[str, float]:
    """Return shares in 0..1; the recall of a class without test images is NaN and left out of the means."""
    c = len(classes)
    confusion = np.bincount(labels * c + probs.argmax(1), minlength=c * c).reshape(c, c)
    hits, actual, predicted = confusion.diagonal(), confusion.sum(1), confusion.sum(0)
    with np.errstate(invalid="ignore"):
        recall = hits / actual
        f1 = 2 * hits / (actual + predicted)
    present = actual > 0
    return {
        "accuracy": float(hits.sum() / len(labels)),
        "balanced_accuracy": float(recall[present].mean()),
        "macro_f1": float(f1[present].mean()),
        **{f"recall/{name}": float(value) for name, value in zip(classes, recall, strict=True)},
    }
