"""Steps: tables to figures."""

from __future__ import annotations

from pathlib import Path

from altools import storage


def learning_curves(*, curves: str, table: str, setting: str, code: str) -> None:
    """Draw the learning curves of one dataset and setting beside ``table``, the points they show."""
    from altools.plotting import files
    from altools.plotting import learning_curves as plot

    rows = storage.read_table(curves)
    rows = rows[rows["setting"] == setting]
    files.save(plot.figure(rows), Path(table).with_suffix(""), plot.table(rows))
