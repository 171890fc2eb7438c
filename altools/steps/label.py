"""Steps: the labelled sets that no strategy chooses, those of round 0 and of the reference model."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from altools.data.labelled import draw_initial, first, write_labelled
from altools.rng import stream
from altools.runtime.job import Job


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files that are written."""

    labelled: str


def label_initial(outputs: Outputs, train_images: int, size: int, job: Job) -> None:
    """Draw the labelled set of round 0. It depends on the seed alone, so every strategy starts from it."""
    rows = draw_initial(train_images, size, stream(job.seed, "initial labels"))
    write_labelled(outputs.labelled, first(rows), job.provenance())


def label_all(outputs: Outputs, train_images: int, job: Job) -> None:
    """Label the whole training set, for the reference model."""
    write_labelled(outputs.labelled, first(torch.arange(train_images)), job.provenance())
