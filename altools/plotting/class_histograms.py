"""Classes of the queried images, one panel per strategy, with the classes of the training set as a line.

Bars are the share of all queried images up to the last round, a mean over seeds; the title gives the divergence from
the training set in bits (0: as mixed as it is).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from altools.plotting import style
from altools.plotting.place import only
from altools.statistics.diagnostics import RUN, divergence

NAMED = 12  # more classes are a scale of numbers


@style.styled
def figure(
    histogram: pd.DataFrame,
    *,
    dataset: str | None = None,
    setting: str | None = None,
    classes: list[str] | None = None,
    columns: int = 4,
    width_in: float = style.PAGE_IN,
) -> Figure:
    """Draw the histogram of every strategy, the most like the training set first.

    Args:
        histogram: the table of `altools.statistics.diagnostics.class_histogram`.
        dataset: needed when the table holds several.
        setting: needed when the table holds several.
        classes: names of the classes by label.
        columns: panels side by side.
        width_in: width in inches.
    """
    rows = only(histogram, dataset=dataset, setting=setting)
    summed = rows.groupby([*RUN[:-1], "label", "pool_share"])["count"].sum().reset_index()
    summed["share"] = summed["count"] / summed.groupby(RUN[:-1])["count"].transform("sum")
    apart = divergence(summed.assign(round=0)).groupby("strategy")["divergence"].mean().sort_values(kind="stable")
    order = list(apart.index)
    columns = min(columns, len(order))
    lines = -(-len(order) // columns)
    shown = summed["label"].nunique()
    height_in = 0.42 + (0.13 * shown if shown <= NAMED else 1.2)
    drawing = Figure(figsize=(width_in, 0.35 + lines * height_in), layout="constrained")
    panels = drawing.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    look = style.looks(order)
    for place, axes in enumerate(panels.flat):
        if place >= len(order):
            axes.set_visible(False)
            continue
        own = summed[summed["strategy"] == order[place]].groupby("label")[["share", "pool_share"]].mean()
        labels = own.index.to_numpy(float)
        axes.barh(labels, own["share"], height=0.8, color=look[order[place]]["color"], alpha=0.75, linewidth=0)
        edges = np.append(labels - 0.5, labels[-1] + 0.5)
        line = {"baseline": None, "orientation": "horizontal", "color": style.INK, "linewidth": 0.9}
        axes.stairs(own["pool_share"], edges, **line)
        axes.set_title(f"{style.title(order[place])}  {apart[order[place]]:.3f} bit", fontsize=7)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("Share (%)")
        style.number_axis(axes.xaxis, lambda value: f"{100 * value:.3g}")
        axes.set_ylabel("Class")
        if shown > NAMED:
            axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        else:
            axes.set_yticks(labels, [classes[int(label)] if classes else f"{label:.0f}" for label in labels])
        axes.set_ylim(labels[-1] + 0.6, labels[0] - 0.6)  # the first class on top
        axes.label_outer()
        if place + columns >= len(order):
            axes.xaxis.set_tick_params(labelbottom=True)
            axes.set_xlabel("Share (%)")
    title = f"{style.heading(rows, seeds=rows['seed'].nunique())}: classes queried (line: training set)"
    drawing.suptitle(title, fontsize=8, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing
