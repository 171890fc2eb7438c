"""Learning curves of one dataset and setting: the metric against the number of labelled images.

Lines are means over seeds, bands their interval; of more than four strategies only the baseline has its band, because
so many would hide each other: `grid` draws them one by one. Strategies stand in the legend from the largest area
under the curve to the smallest. The dashed line is the model trained on every label, the height a curve can hope for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from altools.columns import REFERENCE
from altools.plotting import style
from altools.plotting.place import only
from altools.statistics import curves as curve_statistics
from altools.statistics.curves import Kind
from altools.statistics.paired import BASELINE

MOST_BANDS = 4


def table(
    curves: pd.DataFrame,
    metric: str = "accuracy",
    *,
    dataset: str | None = None,
    setting: str | None = None,
    confidence: float = 0.95,
    kind: Kind = "t",
) -> pd.DataFrame:
    """Return what the figure draws: mean and interval per strategy and budget, with the area of each strategy."""
    rows = only(curve_statistics.of_metric(curves, metric), dataset=dataset, setting=setting)
    points = curve_statistics.intervals(rows, confidence, kind)
    area = curve_statistics.summary(rows, metric)[["strategy", "area"]]
    return points.merge(area, on="strategy", how="left")


@style.styled
def figure(points: pd.DataFrame, *, width_in: float = style.COLUMN_IN) -> Figure:
    """Draw all strategies of one dataset and setting into one panel.

    Args:
        points: the `table`; rows of the strategy ``reference`` give the dashed line.
        width_in: width in inches; one column of print by default.
    """
    metric = str(points["metric"].iloc[0])
    order = ranked(points, metric)
    rows_of_legend = -(-(len(order)) // 3)
    drawing = Figure(figsize=(width_in, width_in * 0.68 + 0.16 * rows_of_legend + 0.2), layout="constrained")
    axes = drawing.add_subplot()
    draw_curves(axes, points, order)
    draw_reference(axes, points, metric)
    style.label_axes(axes, metric)
    axes.set_title(_heading(points))
    axes.margins(x=0.03)
    legend_below(drawing, axes)
    return drawing


@style.styled
def grid(
    points: pd.DataFrame, *, baseline: str = BASELINE, columns: int = 4, width_in: float = style.PAGE_IN
) -> Figure:
    """Draw one panel per strategy with its band, the baseline for comparison and the others in grey behind."""
    metric = str(points["metric"].iloc[0])
    order = ranked(points, metric)
    shown = [name for name in order if name != baseline] or order
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    drawing = Figure(figsize=(width_in, rows * width_in / columns * 0.82 + 0.3), layout="constrained")
    panels = drawing.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    look = style.looks(order)
    for place, axes in enumerate(panels.flat):
        if place >= len(shown):
            axes.set_visible(False)
            continue
        for name in order:
            own = points[points["strategy"] == name]
            if name not in (shown[place], baseline):
                axes.plot(own["labels"], own["mean"], color=style.FAINT, linewidth=0.5, zorder=1)
        for name in dict.fromkeys([*(name for name in order if name == baseline), shown[place]]):
            own = points[points["strategy"] == name]
            axes.fill_between(
                own["labels"], own["low"], own["high"], color=look[name]["color"], alpha=0.16, linewidth=0
            )
            axes.plot(own["labels"], own["mean"], **look[name], markeredgewidth=0, zorder=3)
        draw_reference(axes, points, metric, text=False)
        axes.set_title(style.title(shown[place]), fontsize=7)
    for place, axes in enumerate(panels.flat[: len(shown)]):  # once all are drawn: a limit set on one is kept for all
        style.label_axes(axes, metric)
        axes.label_outer()
        if place + columns >= len(shown):  # nothing stands below
            axes.xaxis.set_tick_params(labelbottom=True)
            axes.set_xlabel("Labelled images")
    against = f"; {style.title(baseline)} in every panel" if baseline in order else ""
    drawing.suptitle(_heading(points) + against, fontsize=8, fontweight="bold", x=0.01, ha="left", wrap=True)
    return drawing


def ranked(points: pd.DataFrame, metric: str) -> list[str]:
    """Return the strategies from the best area to the worst; those without an area last."""
    areas = points[points["strategy"] != REFERENCE].groupby("strategy")["area"].first()
    rising = curve_statistics.direction(metric) < 0
    return list(areas.sort_values(ascending=rising, na_position="last", kind="stable").index)


def legend_below(drawing: Figure, *panels: Axes, columns: int = 3) -> None:
    """Put one legend for all panels under the figure, each entry once."""
    pairs = [axes.get_legend_handles_labels() for axes in panels]
    entries = {label: handle for handles, labels in pairs for handle, label in zip(handles, labels, strict=True)}
    drawing.legend(
        entries.values(),
        entries.keys(),
        loc="outside lower center",
        ncols=min(columns, len(entries)),
        handlelength=2.6,
        columnspacing=1.2,
        labelspacing=0.35,
        borderaxespad=0.2,
    )


def draw_curves(axes: Axes, points: pd.DataFrame, order: list[str], look: dict | None = None) -> None:
    """Draw a line per strategy, and bands: of all where they are few, else of the baseline."""
    look = style.looks(order) if look is None else look
    for name in order:
        own = points[points["strategy"] == name]
        front = 4 if name == BASELINE else 3
        axes.plot(own["labels"], own["mean"], label=style.title(name), **look[name], markeredgewidth=0, zorder=front)
        if len(order) <= MOST_BANDS or name == BASELINE:
            axes.fill_between(
                own["labels"], own["low"], own["high"], color=look[name]["color"], alpha=0.15, linewidth=0
            )


def draw_reference(axes: Axes, points: pd.DataFrame, metric: str, *, text: bool = True) -> None:
    """Draw the height of the model trained on every label, where the table holds it."""
    rows = points[points["strategy"] == REFERENCE]
    if rows.empty or not np.isfinite(rows["mean"].iloc[0]):
        return
    height = float(rows["mean"].iloc[0])
    axes.axhline(height, color=style.INK, linestyle=(0, (5, 3)), linewidth=0.7, zorder=2)
    if text:
        said = f"{100 * height:.1f} %" if style.is_share(metric) else f"{height:.3g}"
        axes.annotate(
            f"all {int(rows['labels'].iloc[0]):,} labels: {said}",
            (0.01, height),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=6,
            color="#444444",
        )


def _heading(points: pd.DataFrame) -> str:
    return style.heading(points[points["strategy"] != REFERENCE])
