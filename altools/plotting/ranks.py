"""Rank of every strategy on every dataset, by the area under the curve: 1 is the best, the mean at the right."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import heat, style
from altools.plotting.place import only


@style.styled
def figure(per_dataset: pd.DataFrame, *, setting: str | None = None, width_in: float = style.COLUMN_IN) -> Figure:
    """Draw the ranks of one setting, the best mean rank first; light cells are good ranks.

    Args:
        per_dataset: the table of `altools.statistics.ranks.per_dataset`.
        setting: needed when the table holds several.
        width_in: width in inches.
    """
    rows = only(per_dataset, setting=setting)
    wide = rows.pivot(index="strategy", columns="dataset", values="rank")
    mean = wide.mean(axis=1)
    order = list(mean.sort_values(kind="stable", na_position="last").index)
    values = np.column_stack([wide.loc[order].to_numpy(float), mean[order].to_numpy(float)])
    drawing = Figure(figsize=(width_in, 0.95 + 0.19 * len(order)), layout="constrained")
    axes = drawing.add_subplot()
    heat.cells(
        axes,
        values,
        rows=[style.title(name) for name in order],
        columns=[*map(str, wide.columns), "mean"],
        write=lambda value: f"{value:.1f}".removesuffix(".0"),
        lowest=1.0,
        highest=float(len(order)),
    )
    axes.axvline(wide.shape[1] - 0.5, color="white", linewidth=3)
    title = f"{rows['setting'].iloc[0]}: rank by area under the curve"
    drawing.suptitle(title, fontsize=8, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing
