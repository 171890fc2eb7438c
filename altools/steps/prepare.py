"""Step: raw files to a prepared dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from altools import datasets, prepared
from altools.steps.job import provenance


def prepare(*, facts: str, source: str, options: Mapping[str, Any], train_images: int, code: str) -> None:
    """Write the prepared dataset into the folder of ``facts`` (its ``dataset.json``)."""
    record = provenance(code, source=source, options=dict(options))
    prepared.write(datasets.read(source, options), Path(facts).parent, train_images, record)
