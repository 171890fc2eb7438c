"""Settings side by side: the same strategies with another start or query model, on one scale, with the upper bound."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from altools.columns import REFERENCE
from altools.plotting import style
from altools.plotting.learning_curves import draw_curves, draw_reference, legend_below, ranked, table
from altools.plotting.place import only
from altools.statistics.curves import of_metric


@style.styled
def figure(
    curves: pd.DataFrame,
    metric: str = "accuracy",
    *,
    dataset: str | None = None,
    confidence: float = 0.95,
    width_in: float = style.PAGE_IN,
) -> Figure:
    """Draw one panel per setting of one dataset.

    Args:
        curves: the tidy curves table.
        metric: which metric to draw.
        dataset: needed when the table holds several.
        confidence: coverage of the intervals.
        width_in: width in inches.
    """
    rows = only(of_metric(curves, metric), dataset=dataset)
    settings = list(dict.fromkeys(rows["setting"]))
    points = {setting: table(rows, metric, setting=setting, confidence=confidence) for setting in settings}
    order = ranked(points[settings[0]], metric)
    order += sorted(set(rows["strategy"]) - set(order) - {REFERENCE})
    drawing = Figure(figsize=(width_in, width_in / max(len(settings), 2) * 0.8 + 0.5), layout="constrained")
    panels = drawing.subplots(1, len(settings), sharey=True, squeeze=False)
    for axes, setting in zip(panels.flat, settings, strict=True):
        there = [name for name in order if name in set(points[setting]["strategy"])]
        draw_curves(axes, points[setting], there, look=style.looks(order))
        draw_reference(axes, points[setting], metric)
        seeds = int(points[setting].loc[points[setting]["strategy"] != REFERENCE, "n"].max())
        axes.set_title(f"{style.title(setting)}, {style.plural(seeds, 'seed')}", fontsize=7.5)
    for axes in panels.flat:  # once all are drawn: a limit that is set on one is kept for all
        style.label_axes(axes, metric)
        axes.label_outer()
    legend_below(drawing, *panels.flat, columns=6)
    drawing.suptitle(f"{rows['dataset'].iloc[0]}", fontsize=8, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing
