"""Read the tables that statistics and figures share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from altools import storage


def read(files: Sequence[str]) -> pd.DataFrame:
    """Read tables of equal columns and concatenate their rows."""
    return pd.concat([storage.read_table(file) for file in files], ignore_index=True)


def class_counts(dataset: str, info: Mapping[str, Any]) -> pd.DataFrame:
    """Return dataset, label and count of the training images that a ``dataset.json`` describes."""
    counts = list(info["train"]["per_class"].values())
    return pd.DataFrame({"dataset": dataset, "label": range(len(counts)), "count": counts})
