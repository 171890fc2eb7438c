"""Step: the page that shows everything and opens from disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from altools import metrics, storage
from altools import report as pages
from altools.steps import tables

CAPTIONS = {
    "queried_images": "The first images that each strategy asked for, in its first and last round (first seed)",
    "represented_images": "Picks, and the nearest images of the pool that have them as their nearest pick (first seed)",
}
PRETRAINING = "The pre-training of the encoders: loss, spread of the projections (0 in a collapse), kNN accuracy"


def report(
    *,
    curves: Sequence[str],
    costs: Sequence[str],
    diagnostics: Sequence[str],
    notes: Sequence[str],
    sheets: Sequence[str],
    pretrainings: Sequence[str],
    places: Sequence[Sequence[str]],
    pretrained: Sequence[str],
    own_metrics: Sequence[str],
    page: str,
    code: str,
) -> None:
    """Write the page of all datasets.

    Args:
        curves: the table of each dataset.
        costs: likewise.
        diagnostics: the table about all queries, if there were any.
        notes: the table of what the strategies noted, likewise.
        sheets: contact sheets (png).
        pretrainings: histories of pre-trainings (png).
        places: dataset, setting and figure of each sheet.
        pretrained: dataset of each history.
        own_metrics: metric modules of other packages; they say of which numbers less is better.
        page: written, self-contained html.
        code: fingerprint.
    """
    pictures = [
        pages.Sheet(dataset=dataset, setting=setting, caption=CAPTIONS[figure], png=Path(file).read_bytes())
        for (dataset, setting, figure), file in zip(places, sheets, strict=True)
    ]
    pictures += [
        pages.Sheet(dataset=dataset, setting="simsiam", caption=PRETRAINING, png=Path(file).read_bytes())
        for dataset, file in zip(pretrained, pretrainings, strict=True)
    ]
    metrics.read_also(own_metrics)
    asked, noted = (storage.read_table(files[0]) if files else None for files in (diagnostics, notes))
    html = pages.page(tables.read(curves), tables.read(costs), queries=asked, notes=noted, sheets=pictures)
    storage.write_text(page, html)
