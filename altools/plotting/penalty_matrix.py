"""Penalty matrix as a heat map: each cell says how often the row beats the column, the last row how often on average.

Rows and columns stand from the least beaten strategy to the most beaten one.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import heat, style
from altools.plotting.place import at_least_two, only
from altools.statistics.penalty import column_means


@style.styled
def figure(penalties: pd.DataFrame, *, setting: str | None = None, width_in: float = style.COLUMN_IN) -> Figure:
    """Draw the matrix of one setting.

    Args:
        penalties: the table of `altools.statistics.penalty.table`.
        setting: needed when the table holds several.
        width_in: width in inches.
    """
    at_least_two(penalties)
    rows = only(penalties, setting=setting)
    means = column_means(rows)
    order = list(means["strategy"])
    square = rows.pivot(index="strategy", columns="opponent", values="penalty").reindex(index=order, columns=order)
    tested = rows.pivot(index="strategy", columns="opponent", values="tests").reindex(index=order, columns=order)
    values = square.where(tested > 0).to_numpy(float)
    beaten = means["beaten"].where((tested > 0).any(axis=0).to_numpy()).to_numpy(float)
    datasets, alpha = int(rows["datasets"].max()), rows["alpha"].iloc[0]
    names = [style.title(name) for name in order]
    size = width_in * 0.76 / len(order)
    drawing = Figure(figsize=(width_in, 1.35 + size * (len(order) + 1)), layout="constrained")
    upper, lower = drawing.subplots(2, 1, gridspec_kw={"height_ratios": [len(order), 1]})
    highest = float(datasets)  # the most a cell can be, so that a colour means the same in every setting

    def write(value: float) -> str:
        return f"{value:.2f}".rstrip("0").rstrip(".")

    heat.cells(upper, values, rows=names, columns=names, write=write, highest=highest)
    heat.cells(lower, beaten[None], rows=["mean beaten"], columns=names, write=write, highest=highest)
    lower.set_xticks([])
    share = "share" if datasets == 1 else f"{datasets} datasets, sum of shares"
    place = f"{rows['setting'].iloc[0]}, {style.plural(int(rows['n'].max()), 'seed')}"
    title = f"{place}: row beats column\n({share} of budgets with p < {alpha:g})"
    drawing.suptitle(title, fontsize=8, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing
