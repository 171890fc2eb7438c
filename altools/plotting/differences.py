"""Difference of each strategy to random: mean over pairs of runs, with interval.

Full markers stand for differences that Holm's correction leaves significant, hollow ones for those that chance could
make. The grey band is the difference that a single test needs at the scatter of the seeds pooled over strategies.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import style
from altools.plotting.place import at_least_two, only
from altools.statistics.curves import direction


@style.styled
def figure(
    tests: pd.DataFrame,
    *,
    dataset: str | None = None,
    setting: str | None = None,
    alpha: float = 0.05,
    smallest: float | None = None,
    width_in: float = style.COLUMN_IN,
) -> Figure:
    """Draw one row per strategy: the difference of the area under the curve, best first.

    Args:
        tests: the table of `altools.statistics.paired.table`.
        dataset: needed when the table holds several.
        setting: needed when the table holds several.
        alpha: largest corrected p value of a full marker.
        smallest: half width of the grey band (`altools.statistics.detectable`).
        width_in: width in inches.
    """
    at_least_two(tests)
    rows = only(tests[tests["measure"] == "area"], dataset=dataset, setting=setting)
    metric, baseline = rows["metric"].iloc[0], rows["baseline"].iloc[0]
    better = direction(metric)
    rows = rows.sort_values("difference", ascending=better > 0, na_position="first")
    drawing = Figure(figsize=(width_in, 0.75 + 0.17 * len(rows)), layout="constrained")
    axes = drawing.add_subplot()
    if smallest is not None and np.isfinite(smallest):
        axes.axvspan(-smallest, smallest, color="#efefef", linewidth=0, zorder=0)
    axes.axvline(0, color=style.INK, linewidth=0.7)
    look = style.looks(rows["strategy"])
    for height, row in enumerate(rows.to_dict("records")):
        color = look[row["strategy"]]["color"]
        real = row["p_holm"] < alpha
        axes.hlines(height, row["low"], row["high"], color=color, linewidth=1.2)
        face = color if real else "white"
        axes.plot(row["difference"], height, "o", color=color, markerfacecolor=face, markersize=4.2)
        if row["note"] and not np.isfinite(row["low"]):
            axes.annotate(
                row["note"].split(";")[0],
                (row["difference"] if np.isfinite(row["difference"]) else 0, height),
                xytext=(6, -2),
                textcoords="offset points",
                fontsize=5.5,
                color="#666666",
            )
    axes.set_yticks(range(len(rows)), [style.title(name) for name in rows["strategy"]])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    _difference_axis(axes.xaxis, metric)
    less = " (less is better)" if better < 0 else ""
    axes.set_xlabel(f"Area under curve above {baseline} ({_unit(metric)}){less}")
    drawing.suptitle(_heading(rows, alpha), fontsize=8, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing


def _difference_axis(axis: object, metric: str) -> None:
    scale = 100 if style.is_share(metric) else 1
    style.number_axis(axis, lambda value: f"{scale * value:+.3g}".replace("-", "−") if value else "0")


def _unit(metric: str) -> str:
    return f"{style.title(metric)}{' points' if style.is_share(metric) else ''}"


def _heading(rows: pd.DataFrame, alpha: float) -> str:
    place = f"{rows['dataset'].iloc[0]}, {rows['setting'].iloc[0]}"
    return f"{place}, {style.plural(int(rows['n'].max()), 'pair')} (full: Holm p < {alpha:g})"
