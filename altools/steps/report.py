"""Step: the page that shows everything and opens from disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from altools import report as pages
from altools import storage

CAPTION = "The first images that each strategy asked for, in its first and last round (first seed)"


def report(
    *,
    curves: Sequence[str],
    costs: Sequence[str],
    images: Sequence[str],
    places: Sequence[Sequence[str]],
    page: str,
    code: str,
) -> None:
    """Write the page of all datasets.

    Args:
        curves: the table of each dataset.
        costs: likewise.
        images: contact sheets (png).
        places: dataset and setting of each sheet.
        page: written, self-contained html.
        code: fingerprint.
    """
    rows, spent = (
        pd.concat([storage.read_table(file) for file in files], ignore_index=True) for files in (curves, costs)
    )
    sheets = [
        pages.Sheet(dataset=dataset, setting=setting, caption=CAPTION, png=Path(file).read_bytes())
        for (dataset, setting), file in zip(places, images, strict=True)
    ]
    pages.write(page, pages.page(rows, spent, sheets=sheets))
