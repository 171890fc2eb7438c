"""A heat map whose cells carry their number: the base of the penalty, overlap and rank figures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from numpy.typing import NDArray

from altools.plotting import style

MAP = "Blues"  # one hue, light to dark: readable in grey and with any colour vision


def cells(
    axes: Axes,
    values: NDArray[np.float64],
    *,
    rows: list[str],
    columns: list[str],
    write: Callable[[float], str],
    highest: float,
    lowest: float = 0.0,
) -> None:
    """Draw a matrix with the names of the columns above it; missing cells stay grey with a dash.

    Args:
        axes: where.
        values: the matrix (rows, columns).
        rows: names of the rows.
        columns: names of the columns.
        write: what stands in a cell.
        highest: value of the darkest colour.
        lowest: value of the lightest colour.
    """
    colors = colormaps[MAP].with_extremes(bad="#eeeeee")
    span = highest - lowest or 1.0
    axes.imshow(np.ma.masked_invalid(values), cmap=colors, vmin=lowest, vmax=lowest + span, aspect="auto")
    size = min(6.0, 66.0 / max(len(columns), 1))
    for (row, column), value in np.ndenumerate(values):
        known = np.isfinite(value)
        share = (value - lowest) / span if known else 0.0
        axes.text(
            column,
            row,
            write(float(value)) if known else "–",
            ha="center",
            va="center",
            fontsize=size,
            color=style.ink_on(share),
        )
    axes.set_xticks(range(len(columns)), columns, rotation=90 if len(columns) > 5 else 0)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
