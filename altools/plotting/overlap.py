"""How much two strategies ask for the same images: Jaccard overlap of their queries, mean over seeds, in per cent."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import heat, style
from altools.plotting.place import only


@style.styled
def figure(
    overlap: pd.DataFrame,
    *,
    dataset: str | None = None,
    setting: str | None = None,
    round: int | None = None,
    chance: float | None = None,
    width_in: float = style.COLUMN_IN,
) -> Figure:
    """Draw the overlaps of one round; strategies stand by their mean overlap with the others.

    Args:
        overlap: the table of `altools.statistics.diagnostics.overlap`.
        dataset: needed when the table holds several.
        setting: needed when the table holds several.
        round: by default the first, the only one with the same pool and model for all.
        chance: overlap of two random queries, for the title.
        width_in: width in inches.
    """
    rows = only(overlap, dataset=dataset, setting=setting)
    shown = int(rows["round"].min()) if round is None else round
    rows = only(rows, round=shown)
    square = rows.groupby(["strategy", "opponent"])["jaccard"].mean().unstack()
    values = square.to_numpy(float).copy()
    np.fill_diagonal(values, np.nan)
    mean = pd.DataFrame(values, index=square.index).mean(axis=1)
    order = list(mean.sort_values(ascending=False, kind="stable", na_position="last").index)
    values = pd.DataFrame(values, index=square.index, columns=square.columns).loc[order, order].to_numpy()
    names = [style.title(name) for name in order]
    size = width_in * 0.76 / len(order)
    drawing = Figure(figsize=(width_in, 1.3 + size * len(order)), layout="constrained")
    axes = drawing.add_subplot()
    highest = max(float(np.nanmax(values)) if np.isfinite(values).any() else 0.0, 0.01)
    heat.cells(axes, values, rows=names, columns=names, write=lambda value: f"{100 * value:.0f}", highest=highest)
    place = style.heading(rows, seeds=rows["seed"].nunique())
    by_chance = "" if chance is None else f"; {100 * chance:.1f} by chance"
    title = f"{place}:\noverlap of the queries of round {shown} (%{by_chance})"
    drawing.suptitle(title, fontsize=7.5, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing
