"""The tables of several datasets as one; what is not a file of its own is put together here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from altools import storage


def read(files: Sequence[str]) -> pd.DataFrame:
    """Read tables and put them under each other."""
    return pd.concat([storage.read_table(file) for file in files], ignore_index=True)


def class_counts(dataset: str, record: Mapping[str, Any]) -> pd.DataFrame:
    """Return dataset, label, count of the training set that a ``dataset.json`` describes."""
    counts = list(record["train"]["per_class"].values())
    return pd.DataFrame({"dataset": dataset, "label": range(len(counts)), "count": counts})
