"""History of a SimSiam pre-training: loss, the collapse monitor, and the accuracy of a nearest-neighbour classifier.

The loss ends near -1 both when training works and when all embeddings collapse into one point; only the standard
deviation of the projections tells: even spread in d dimensions is 1/sqrt(d), a collapse falls to 0.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from altools.plotting import style

PANELS = (
    ("loss", "Loss (negative\ncosine)"),
    ("projection_std", "Std of unit\nprojections"),
    ("knn_accuracy", "kNN accuracy\n(%)"),
)


@style.styled
def figure(history: pd.DataFrame, *, even: float | None = None, width_in: float = style.COLUMN_IN) -> Figure:
    """Draw what was recorded over the epochs, a line per seed.

    Args:
        history: epoch and any of loss, projection_std, knn_accuracy (NaN in epochs without it); dataset and seed where
            known.
        even: standard deviation of projections that are spread evenly.
        width_in: width in inches.
    """
    shown = [(name, label) for name, label in PANELS if name in history and history[name].notna().any()]
    drawing = Figure(figsize=(width_in, 0.45 + 1.0 * max(len(shown), 1)), layout="constrained")
    panels = drawing.subplots(max(len(shown), 1), 1, sharex=True, squeeze=False)[:, 0]
    runs: list[tuple[Any, pd.DataFrame]] = list(history.groupby("seed")) if "seed" in history else [(0, history)]
    colors = [style.BLUE, style.ORANGE, style.GREEN, style.RED, style.SKY, style.PINK, style.GREY]
    for axes, (name, label) in zip(panels, shown, strict=False):
        for place, (seed, run) in enumerate(runs):
            known = run.dropna(subset=[name]).sort_values("epoch")
            dots = "o" if len(known) < 30 else None
            color = colors[place % len(colors)]
            axes.plot(known["epoch"], known[name], color=color, marker=dots, markersize=2, label=f"seed {seed}")
        axes.set_ylabel(label, fontsize=6.5)
        if name == "projection_std":
            axes.set_ylim(bottom=0, top=1.15 * max(even or 0.0, history[name].max()))
            if even:
                axes.axhline(even, color=style.INK, linestyle=(0, (5, 3)), linewidth=0.7)
                axes.annotate(
                    "even spread",
                    (1, even),
                    xycoords=("axes fraction", "data"),
                    xytext=(-2, -7),
                    textcoords="offset points",
                    ha="right",
                    fontsize=6,
                    color="#444444",
                )
        if name == "knn_accuracy":
            style.number_axis(axes.yaxis, lambda value: f"{100 * value:.3g}")
    if not shown:
        panels[0].text(0.5, 0.5, "nothing recorded", ha="center", transform=panels[0].transAxes)
    panels[-1].set_xlabel("Epoch")
    if len(runs) > 1 and shown:
        panels[0].legend(ncols=len(runs), loc="upper right")
    datasets = history["dataset"].unique().tolist() if "dataset" in history else []
    panels[0].set_title(": ".join([*map(str, datasets[:1]), "SimSiam pre-training"]))
    return drawing
