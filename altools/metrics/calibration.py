"""How honest the probabilities are: log-loss and expected calibration error.

Reference: Guo et al., 2017, "On calibration of modern neural networks", equation 3 (equal-width bins).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from annotated_types import Ge
from jaxtyping import Float, Int

LOWER_IS_BETTER = frozenset({"log_loss", "ece"})
NO_SHARE = frozenset({"log_loss"})


def score(
    probs: Float[np.ndarray, "n c"],
    labels: Int[np.ndarray, " n"],
    classes: Sequence[str],
    *,
    bins: Annotated[int, Ge(1)] = 15,
) -> dict[str, float]:
    """Return log-loss in nats (float64 softmax never underflows to 0 before ~745) and ECE in 0..1."""
    chosen = probs[np.arange(len(labels)), labels]
    confidence = probs.max(1)
    correct = probs.argmax(1) == labels
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(bin_of, weights=correct - confidence, minlength=bins)
    with np.errstate(divide="ignore"):
        log_loss = -np.log(chosen).mean()
    return {"log_loss": float(log_loss), "ece": float(np.abs(gap).sum() / len(labels))}
