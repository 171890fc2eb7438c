"""Learning curves of one dataset and setting: the metric against the number of labelled images.

Lines are means over seeds, bars their interval. Strategies stand in the legend from the largest area under the
curve to the smallest. The dashed line is the model trained on every label, the height a curve can hope for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from altools.errors import UserError
from altools.plotting import style
from altools.statistics import curves as curve_statistics
from altools.statistics.curves import REFERENCE, WHERE, Kind

MOST_BANDS = 4  # up to so many strategies the intervals are bands; above they would hide each other


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
    rows = one_place(curve_statistics.of_metric(curves, metric), dataset=dataset, setting=setting)
    points = curve_statistics.intervals(rows, confidence, kind)
    area = curve_statistics.summary(rows, metric)[["strategy", "area"]]
    return points.merge(area, on="strategy", how="left")


@style.styled
def figure(
    curves: pd.DataFrame,
    metric: str = "accuracy",
    *,
    dataset: str | None = None,
    setting: str | None = None,
    confidence: float = 0.95,
    kind: Kind = "t",
    width_in: float = style.COLUMN_IN,
) -> Figure:
    """Draw all strategies of one dataset and setting into one panel.

    Args:
        curves: the tidy curves table; rows of the strategy ``reference`` give the dashed line.
        metric: which metric to draw.
        dataset: needed when the table holds several.
        setting: needed when the table holds several.
        confidence: coverage of the intervals.
        kind: ``t`` or ``bootstrap``.
        width_in: width in inches; one column of print by default.
    """
    points = table(curves, metric, dataset=dataset, setting=setting, confidence=confidence, kind=kind)
    order = ranked(points, metric)
    rows_of_legend = -(-(len(order)) // 3)
    drawing = Figure(figsize=(width_in, width_in * 0.68 + 0.16 * rows_of_legend + 0.2), layout="constrained")
    axes = drawing.add_subplot()
    _draw(axes, points, order)
    _draw_reference(axes, points, metric)
    style.label_axes(axes, metric)
    axes.set_title(_heading(points))
    axes.margins(x=0.03)
    handles, labels = axes.get_legend_handles_labels()
    drawing.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(3, len(order)),
        handlelength=2.6,
        columnspacing=1.2,
        labelspacing=0.35,
        borderaxespad=0.2,
    )
    return drawing


@style.styled
def grid(
    curves: pd.DataFrame,
    metric: str = "accuracy",
    *,
    dataset: str | None = None,
    setting: str | None = None,
    confidence: float = 0.95,
    baseline: str = "random",
    columns: int = 4,
    width_in: float = style.PAGE_IN,
) -> Figure:
    """Draw one panel per strategy with its band, the baseline for comparison and the others in grey behind."""
    points = table(curves, metric, dataset=dataset, setting=setting, confidence=confidence)
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
        for name in dict.fromkeys([baseline, shown[place]]):
            own = points[points["strategy"] == name]
            axes.fill_between(
                own["labels"], own["low"], own["high"], color=look[name]["color"], alpha=0.16, linewidth=0
            )
            axes.plot(own["labels"], own["mean"], **look[name], markeredgewidth=0, zorder=3)
        _draw_reference(axes, points, metric, text=False)
        axes.set_title(style.title(shown[place]), fontsize=7)
        style.label_axes(axes, metric)
        axes.label_outer()
        if place + columns >= len(shown):  # nothing stands below
            axes.xaxis.set_tick_params(labelbottom=True)
            axes.set_xlabel("Labelled images")
    against = f"; {style.title(baseline)} in every panel" if baseline in order else ""
    drawing.suptitle(_heading(points) + against, fontsize=8, fontweight="bold", x=0.01, ha="left")
    return drawing


def one_place(rows: pd.DataFrame, *, dataset: str | None, setting: str | None) -> pd.DataFrame:
    """Keep one dataset and setting.

    Raises:
        UserError: the rows hold several and none was named, or none of the named one.
    """
    for column, wanted in zip(WHERE, (dataset, setting), strict=True):
        known = sorted(rows[column].unique())
        if wanted is None and len(known) > 1:
            raise UserError(f"A figure shows one {column}. Name one of: {', '.join(known)}.")
        if wanted is not None and wanted not in known:
            raise UserError(f"{column} must be one of: {', '.join(known)}. Got {wanted!r}.")
        rows = rows if wanted is None else rows[rows[column] == wanted]
    return rows


def ranked(points: pd.DataFrame, metric: str) -> list[str]:
    """Return the strategies from the best area to the worst; those without an area last."""
    areas = points[points["strategy"] != REFERENCE].groupby("strategy")["area"].first()
    rising = curve_statistics.direction(metric) < 0
    return list(areas.sort_values(ascending=rising, na_position="last", kind="stable").index)


def _draw(axes: Axes, points: pd.DataFrame, order: list[str]) -> None:
    look = style.looks(order)
    budgets = np.sort(points.loc[points["strategy"] != REFERENCE, "labels"].unique())
    step = np.diff(budgets).min() if len(budgets) > 1 else 1.0
    for name in order:
        own = points[points["strategy"] == name]
        keywords = {**look[name], "markeredgewidth": 0, "zorder": 4 if name == "random" else 3}
        if len(order) <= MOST_BANDS:
            axes.plot(own["labels"], own["mean"], label=style.title(name), **keywords)
            axes.fill_between(
                own["labels"], own["low"], own["high"], color=look[name]["color"], alpha=0.15, linewidth=0
            )
        else:
            # Side by side, or the bars hide each other; by name, for best first would flatter the best.
            shift = step * 0.3 * ((sorted(order).index(name) + 0.5) / len(order) - 0.5)
            axes.plot(own["labels"] + shift, own["mean"], label=style.title(name), **{**keywords, "linewidth": 0.9})
            axes.vlines(own["labels"] + shift, own["low"], own["high"], color=look[name]["color"], linewidth=0.5)


def _draw_reference(axes: Axes, points: pd.DataFrame, metric: str, *, text: bool = True) -> None:
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
    seeds = int(points.loc[points["strategy"] != REFERENCE, "n"].max())
    what = f"{points['dataset'].iloc[0]}, {points['setting'].iloc[0]}"
    return f"{what}, {seeds} seed{'s' if seeds != 1 else ''}"
