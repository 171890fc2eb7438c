"""One look for every figure: sizes for print, colours that survive colour blindness and grey printing.

A strategy keeps its look in every figure, whatever else is drawn. Colour (Okabe and Ito's eight and a grey, told
apart with all common kinds of colour blindness), line style and marker together tell 16 strategies apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from altools import metrics

COLUMN_IN = 3.4  # width of one column in print
PAGE_IN = 7.0  # width of a page in print

INK = "#222222"
FAINT = "#b8b8b8"
GRID = "#e6e6e6"

RC: Any = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same picture everywhere
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#777777",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "figure.dpi": 100,
    "savefig.dpi": 250,
    "svg.hashsalt": "altools",  # the same bytes each time
    "svg.fonttype": "path",
}

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, RED, PINK = "#B8A800", "#0072B2", "#D55E00", "#CC79A7"  # the yellow darkened: it must show on white
GREY = "#808080"
SOLID, DASHED = "-", (0, (4, 1.4))

LOOKS: dict[str, tuple[str, Any, str]] = {
    "random": (BLACK, SOLID, "o"),
    "margin": (BLUE, SOLID, "s"),
    "entropy": (SKY, SOLID, "^"),
    "least_confidence": (SKY, DASHED, "v"),
    "bald": (GREEN, SOLID, "D"),
    "batchbald": (GREEN, DASHED, "d"),
    "badge": (RED, SOLID, "P"),
    "coreset": (ORANGE, SOLID, "X"),
    "kmeans": (ORANGE, DASHED, "p"),
    "cluster_margin": (BLUE, DASHED, "h"),
    "facility_location": (YELLOW, SOLID, "<"),
    "fass": (YELLOW, DASHED, ">"),
    "similar": (PINK, SOLID, "*"),
    "glister": (PINK, DASHED, "8"),
    "adversarial_bim": (RED, DASHED, "$+$"),
    "adversarial_deepfool": (GREY, DASHED, "$\\times$"),
}

TITLES = {
    "badge": "BADGE",
    "bald": "BALD",
    "batchbald": "BatchBALD",
    "coreset": "Core-set",
    "fass": "FASS",
    "glister": "GLISTER",
    "similar": "SIMILAR",
    "kmeans": "k-means",
    "cluster_margin": "Cluster-Margin",
    "adversarial_bim": "Adversarial BIM",
    "adversarial_deepfool": "DeepFool",
    "reference": "All labels",
    "ece": "Calibration error (ECE)",
    "log_loss": "Log-loss",
    "macro_f1": "Macro-F1",
    "auroc": "AUROC",
    "simsiam": "SimSiam",
}

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw with this style, leaving the caller's matplotlib settings alone."""

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with rc_context(RC):
            return draw(*args, **kwargs)

    return inside


def title(name: str) -> str:
    """Return a name as a reader writes it: ``least_confidence`` becomes "Least confidence"."""
    head, _, rest = name.rpartition("/")
    if head:
        return f"{title(head)} of {rest}"
    name = name.rpartition(".")[2]  # a strategy of another package is known by its dotted path
    return TITLES.get(name) or (name[:1].upper() + name[1:]).replace("_", " ")


def heading(rows: pd.DataFrame, *, seeds: int | None = None) -> str:
    """Return dataset, setting and number of seeds, by default the largest ``n`` of the rows."""
    count = int(rows["n"].max()) if seeds is None else seeds
    return f"{rows['dataset'].iloc[0]}, {rows['setting'].iloc[0]}, {plural(count, 'seed')}"


def plural(count: int, word: str) -> str:
    """Return "1 seed", "3 seeds"."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def looks(strategies: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the line keywords of each strategy: its own look, or a free one for a name not known here."""
    names = list(dict.fromkeys(strategies))
    taken = {name for name in names if name in LOOKS}
    free = [look for name, look in LOOKS.items() if name not in taken and name != "random"] or list(LOOKS.values())
    strangers = sorted(name for name in names if name not in LOOKS)
    given = {name: free[place % len(free)] for place, name in enumerate(strangers)}
    chosen = {name: LOOKS.get(name) or given[name] for name in names}
    return {
        name: {"color": color, "linestyle": line, "marker": marker} for name, (color, line, marker) in chosen.items()
    }


def is_share(metric: str) -> bool:
    """Return whether a metric lies between 0 and 1 and reads best in per cent."""
    return metric not in metrics.named("NO_SHARE")


def label_axes(axes: Axes, metric: str) -> None:
    """Write number of labels and metric on the axes, with units."""
    axes.set_xlabel("Labelled images")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    value_axis(axes, metric)


def value_axis(axes: Axes, metric: str) -> None:
    """Write the metric on the y axis, in per cent where it is a share."""
    if is_share(metric):
        axes.set_ylabel(f"{title(metric)} (%)")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}"))
        # Intervals may reach beyond what a share can be; the axis need not.
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, -0.02), min(high, 1.02))
    else:
        axes.set_ylabel(title(metric))


def number_axis(axis: Any, write: Callable[[float], str]) -> None:
    """Write the ticks of one axis with a function of the value."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))


def ink_on(share: float) -> str:
    """Return the colour of text on a cell of this darkness (0 white, 1 the darkest of the map)."""
    return "white" if share > 0.55 else INK
