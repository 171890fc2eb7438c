"""Steps: the labelled sets that no strategy chooses, of round 0 and of the reference model."""

from __future__ import annotations

import numpy as np

from altools import storage
from altools.partition import initial
from altools.rng import stream
from altools.steps.job import provenance


def label_initial(*, labelled: str, train_images: int, size: int, seed: int, code: str) -> None:
    """Draw the labelled set of round 0; it depends on the seed alone, so every strategy starts from it."""
    rows = initial(train_images, size, stream(seed, "initial labels")).numpy()
    write_labelled(labelled, rows, np.zeros(len(rows), dtype=np.int16), provenance(code, seed=seed))


def label_all(*, labelled: str, train_images: int, code: str) -> None:
    """Label the whole training set, for the reference model."""
    write_labelled(labelled, np.arange(train_images), np.zeros(train_images, dtype=np.int16), provenance(code))


def write_labelled(path: str, rows: np.ndarray, rounds: np.ndarray, record: storage.Provenance) -> None:
    """Write a labelled set: row in the training set, and the round it was labelled in, in order."""
    storage.write_columns(path, {"index": rows.astype(np.int64), "round": rounds.astype(np.int16)}, record)
