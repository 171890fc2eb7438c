"""Step: turn raw files into a prepared dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from altools.data import prepare as preparation
from altools.data import sources
from altools.runtime.job import Files, Job


def prepare(outputs: Files, source: str, options: Mapping[str, Any], train_images: int, job: Job) -> None:
    """Write a prepared dataset.

    Args:
        outputs: ``dataset_info``, the dataset's ``dataset.json``; the other files lie beside it.
        source: module of `altools.data.sources`, or a dotted path.
        options: of the source.
        train_images: number of training images that the config promises.
        job: who computes.
    """
    folder = Path(str(outputs["dataset_info"])).parent
    preparation.write(sources.read(source, options), folder, train_images, job.provenance())
