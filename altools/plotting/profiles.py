"""Profile of each strategy's queries: a row per strategy, a column per measure, means over seeds and rounds.

Every column has a scale of its own, light to dark: from its least to its largest value, or from 0 to 100 %.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import heat, style
from altools.plotting.place import only

# Measure, what stands above its column, and how its cells are written.
COLUMNS = {
    "divergence": ("Divergence\nof classes\n(bit)", "{:.2f}"),
    "mean_distance": ("Distance\nbetween\npicks", "{:.2f}"),
    "coverage_radius": ("Coverage\nradius", "{:.2f}"),
    "mean_coverage": ("Mean\ncoverage", "{:.2f}"),
    "duplicates": ("Near-\nduplicates\n(%)", "{:.0f}"),
    "overlap_baseline": ("Overlap\nwith\nrandom (%)", "{:.0f}"),
}
PERCENT = frozenset({"duplicates", "overlap_baseline"})


@style.styled
def figure(
    summary: pd.DataFrame,
    *,
    dataset: str | None = None,
    setting: str | None = None,
    width_in: float = style.COLUMN_IN,
) -> Figure:
    """Draw the profiles of one dataset and setting, the most tightly packed queries first.

    Args:
        summary: the table of `altools.statistics.diagnostics.summary`.
        dataset: needed when the table holds several.
        setting: needed when the table holds several.
        width_in: width in inches.
    """
    rows = only(summary, dataset=dataset, setting=setting)
    wide = rows.pivot_table(index="strategy", columns="measure", values="mean", aggfunc="mean", dropna=False)
    wide = wide.reindex(columns=list(COLUMNS)).sort_values(["mean_distance"], kind="stable", na_position="last")
    names = [style.title(name) for name in wide.index]
    drawing = Figure(figsize=(width_in, 0.95 + 0.17 * len(wide)), layout="constrained")
    panels = drawing.subplots(1, len(COLUMNS), squeeze=False)[0]
    for place, (axes, (measure, (head, form))) in enumerate(zip(panels, COLUMNS.items(), strict=True)):
        share = measure in PERCENT
        values = wide[[measure]].to_numpy(float) * (100 if share else 1)
        known = np.array([0.0, 100.0]) if share else values[np.isfinite(values)]
        heat.cells(
            axes,
            values,
            rows=names if place == 0 else [""] * len(names),
            columns=[head],
            write=form.format,
            lowest=float(known.min()) if len(known) else 0.0,
            highest=float(known.max()) if len(known) else 1.0,
        )
        axes.tick_params(axis="x", labelsize=5.5)
    title = f"{style.heading(rows)}: queries, mean of {style.plural(rows['round'].nunique(), 'round')}"
    drawing.suptitle(title, fontsize=7.5, x=0.01, ha="left", fontweight="bold", wrap=True)
    return drawing
