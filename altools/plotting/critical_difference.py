"""Critical-difference diagram: strategies on an axis of mean ranks; a bar joins those that cannot be told apart.

Reference: Demsar, 2006, figure 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import style
from altools.plotting.place import only
from altools.statistics.ranks import groups


@style.styled
def figure(ranks: pd.DataFrame, *, setting: str | None = None, width_in: float = style.COLUMN_IN) -> Figure:
    """Draw the mean ranks of one setting.

    Args:
        ranks: the table of `altools.statistics.ranks.table`.
        setting: needed when the table holds several.
        width_in: width in inches.
    """
    rows = only(ranks, setting=setting)
    known = rows.dropna(subset=["mean_rank"]).sort_values(["mean_rank", "strategy"], ignore_index=True)
    bars = groups(rows)
    difference = rows["critical_difference"].iloc[0]
    half = -(-len(known) // 2)
    top = 0.32 * len(bars) + 0.35
    depth = top + half * 0.8
    drawing = Figure(figsize=(width_in, 0.9 + 0.17 * depth), layout="constrained")
    axes = drawing.add_subplot()
    count = max(len(rows), 2)
    left, right = 1.0, float(count)
    margin = (right - left) * 0.5
    axes.set_xlim(left - margin, right + margin)
    axes.set_ylim(depth + 0.2, -2.0)
    axes.set_axis_off()
    axes.hlines(0, left, right, color=style.INK, linewidth=0.9)
    for tick in range(1, count + 1):
        axes.vlines(tick, -0.22, 0, color=style.INK, linewidth=0.7)
        if count <= 8 or tick % 2 == 1:
            axes.text(tick, -0.35, str(tick), ha="center", va="bottom", fontsize=6.5)
    if np.isfinite(difference):
        axes.hlines(-1.55, left, left + difference, color=style.INK, linewidth=1.2)
        axes.vlines([left, left + difference], -1.7, -1.4, color=style.INK, linewidth=0.8)
        axes.text(
            left + difference + 0.015 * (right - left),
            -1.55,
            f"critical difference {difference:.2f}",
            va="center",
            fontsize=6,
        )
    look = style.looks(known["strategy"])
    for place, row in enumerate(known.to_dict("records")):
        first = place < half
        height = top + 0.8 * (place if first else len(known) - 1 - place)
        edge = left - 0.04 * (right - left) if first else right + 0.04 * (right - left)
        color = look[row["strategy"]]["color"]
        axes.plot([row["mean_rank"], row["mean_rank"], edge], [0, height, height], color=color, linewidth=0.8)
        name = f"{style.title(row['strategy'])}  {row['mean_rank']:.1f}"
        if not first:
            name = f"{row['mean_rank']:.1f}  {style.title(row['strategy'])}"
        gap = 0.015 * (right - left) * (-1 if first else 1)
        axes.text(edge + gap, height, name, ha="right" if first else "left", va="center", fontsize=6.5)
    position = known.set_index("strategy")["mean_rank"]
    for place, bar in enumerate(bars):
        low, high = position[bar[0]], position[bar[-1]]
        axes.hlines(0.3 + 0.32 * place, low - 0.05, high + 0.05, color=style.INK, linewidth=2.2)
    drawing.suptitle(_heading(rows), fontsize=8, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing


def _heading(rows: pd.DataFrame) -> str:
    datasets, p, note = int(rows["datasets"].iloc[0]), rows["p"].iloc[0], rows["note"].iloc[0]
    what = f"{rows['setting'].iloc[0]}: mean rank, {datasets} dataset{'s' * (datasets != 1)}"
    if np.isfinite(p):
        return f"{what}\n(Friedman p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})"
    return f"{what}\n({note.split(';')[0]})" if note else what
