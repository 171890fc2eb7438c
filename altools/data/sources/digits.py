"""Handwritten digits that ship with scikit-learn: 1,797 grey images of 8x8 pixels, 10 classes, no download.

The split is fixed: 360 test images, stratified by class, drawn once with seed 0; 1,437 remain for training.
Source: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI repository, 1998 (its test part).
"""

from __future__ import annotations

import numpy as np

from altools.data.sources import Source, Split

OPTIONS_DETERMINE_DATA = True
TEST_IMAGES = 360


def read() -> Source:
    """Return the digits; pixel values 0..16 are stretched to 0..255."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)[:, None]
    rows = np.arange(len(pixels))
    train, test = train_test_split(rows, test_size=TEST_IMAGES, stratify=digits.target, random_state=0)
    return Source(
        classes=[str(name) for name in digits.target_names],
        shape=(1, 8, 8),
        train=_split(np.sort(train), pixels, digits.target),
        test=_split(np.sort(test), pixels, digits.target),
        decode=np.asarray,
    )


def _split(rows: np.ndarray, pixels: np.ndarray, labels: np.ndarray) -> Split:
    return Split(ids=[f"digits/{row}" for row in rows], labels=labels[rows].tolist(), items=pixels[rows])
