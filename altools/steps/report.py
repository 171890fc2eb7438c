"""Step: the page that shows everything and opens from disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from altools import metrics, storage
from altools import report as pages
from altools.runtime.job import Job
from altools.steps import tables

CAPTIONS = {
    "queried_images": "The first images that each strategy asked for, in its first and last round (first seed)",
    "represented_images": "Picks, and the nearest images of the pool that have them as their nearest pick (first seed)",
}
PRETRAINING = "The pre-training of the encoders: loss, spread of the projections (0 in a collapse), kNN accuracy"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Files that are read."""

    curves: Sequence[str]
    """Table of each dataset."""
    costs: Sequence[str]
    diagnostics: Sequence[str]
    """The table about all queries, if there were any."""
    query_notes: Sequence[str]
    """The table of what the strategies noted, if there were queries."""
    sheets: Sequence[str]
    """Contact sheets (png)."""
    pretrainings: Sequence[str]
    """Histories of pre-trainings (png)."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files that are written."""

    page: str
    """Self-contained html."""


def report(
    inputs: Inputs,
    outputs: Outputs,
    sheets: Sequence[Sequence[str]],
    pretrained: Sequence[str],
    own_metrics: Sequence[str],
    job: Job,
) -> None:
    """Write the page of all datasets.

    Args:
        inputs: files that are read.
        outputs: files that are written.
        sheets: dataset, setting and figure of each contact sheet.
        pretrained: dataset of each history of a pre-training.
        own_metrics: metric modules of other packages, which say of which numbers less is better.
        job: who computes.
    """
    pictures = [
        pages.Sheet(dataset=dataset, setting=setting, caption=CAPTIONS[figure], png=Path(file).read_bytes())
        for (dataset, setting, figure), file in zip(sheets, inputs.sheets, strict=True)
    ]
    pictures += [
        pages.Sheet(dataset=dataset, setting="simsiam", caption=PRETRAINING, png=Path(file).read_bytes())
        for dataset, file in zip(pretrained, inputs.pretrainings, strict=True)
    ]
    metrics.read_also(own_metrics)
    queries, notes = (
        storage.read_table(files[0]) if files else None for files in (inputs.diagnostics, inputs.query_notes)
    )
    html = pages.page(
        tables.read(inputs.curves), tables.read(inputs.costs), queries=queries, notes=notes, sheets=pictures
    )
    storage.write_text(outputs.page, html)
