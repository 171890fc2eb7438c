"""Cost against gain: the metric against all seconds spent on querying and training so far."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import style
from altools.plotting.learning_curves import legend_below
from altools.plotting.place import only
from altools.statistics.curves import direction


@style.styled
def figure(
    spent: pd.DataFrame,
    *,
    dataset: str | None = None,
    setting: str | None = None,
    width_in: float = style.COLUMN_IN,
) -> Figure:
    """Draw one line per strategy, a marker per budget; up and to the left is better.

    Args:
        spent: the table of `altools.statistics.cost.against_time`.
        dataset: needed when the table holds several.
        setting: needed when the table holds several.
        width_in: width in inches.
    """
    rows = only(spent, dataset=dataset, setting=setting)
    metric = rows["metric"].iloc[0]
    last = rows.sort_values("labels").groupby("strategy")["mean"].last() * direction(metric)
    order = list(last.sort_values(ascending=False, kind="stable", na_position="last").index)
    drawing = Figure(figsize=(width_in, width_in * 0.68 + 0.16 * -(-len(order) // 3) + 0.2), layout="constrained")
    axes = drawing.add_subplot()
    scale, unit = _unit(float(rows["total_s"].max()))
    look = style.looks(order)
    for name in order:
        own = rows[rows["strategy"] == name].sort_values("labels")
        known = own["total_s"].notna().any()
        label = style.title(name) if known else f"{style.title(name)} (seconds unknown)"
        front = 4 if name == "random" else 3
        axes.plot(own["total_s"] / scale, own["mean"], label=label, **look[name], markeredgewidth=0, zorder=front)
    style.value_axis(axes, metric)
    axes.set_xlabel(f"Querying and training so far, per run ({unit})")
    axes.set_title(style.heading(rows))
    axes.set_xlim(left=0)
    legend_below(drawing, axes)
    return drawing


def _unit(seconds: float) -> tuple[float, str]:
    if seconds > 2 * 3600:
        return 3600.0, "hours"
    return (60.0, "minutes") if seconds > 180 else (1.0, "seconds")
