"""The report: one HTML file that opens from disk, holds all results, and needs no server and no network.

Everything is computed here, by `altools.statistics`; the page (`page.html`, `page.css`, and the scripts beside them)
only filters and draws. The address bar keeps the choice, so a view can be bookmarked:
``index.html#dataset=digits&labels=300``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from altools.plotting import style
from altools.statistics import cost, detectable, gain, paired, ranks, savings
from altools.statistics.curves import REFERENCE, WHERE, areas, check, direction, intervals, references

SYMBOLS = {
    "o": "circle",
    "s": "square",
    "^": "triangle-up",
    "v": "triangle-down",
    "D": "diamond",
    "d": "diamond-tall",
    "P": "cross",
    "X": "x",
    "p": "pentagon",
    "h": "hexagon",
    "<": "triangle-left",
    ">": "triangle-right",
    "*": "star",
    "8": "octagon",
    "$+$": "cross-thin-open",
    "$\\times$": "x-thin-open",
}
AREA = "area"  # stands in place of a number of labels
# One script in the end; its last part draws the page.
SCRIPTS = ("state", "words", "numbers", "answer", "figures", "tables", "controls")

# Measure of a query: title, whether it is a share, what it means.
QUERY_MEASURES = {
    "divergence": ("Divergence of classes (bit)", False, "0: the classes of the pool in the same shares; at most 1"),
    "classes": ("Classes asked for", False, "how many classes the query holds"),
    "mean_distance": ("Distance between picks", False, "1: as far apart as two images of the pool"),
    "coverage_radius": ("Coverage radius", False, "how far the pool image worst served is from its nearest pick"),
    "mean_coverage": ("Mean coverage", False, "how far a pool image is from its nearest pick, on average"),
    "duplicates": ("Near-duplicates", True, "picks that have another pick closer than 99.9 % of the pairs of the pool"),
    "overlap_baseline": ("Overlap with random", True, "Jaccard overlap with the query of random, same seed and round"),
}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A contact sheet of queried images, as PNG."""

    dataset: str
    setting: str
    caption: str
    png: bytes


def page(
    curves: pd.DataFrame,
    costs: pd.DataFrame | None = None,
    *,
    queries: pd.DataFrame | None = None,
    notes: pd.DataFrame | None = None,
    sheets: Sequence[Sheet] = (),
    title: str = "Active learning benchmark",
    baseline: str = paired.BASELINE,
    confidence: float = 0.95,
    metrics: Sequence[str] | None = None,
) -> str:
    """Return the whole page.

    Args:
        curves: the tidy curves table, all datasets and settings.
        costs: the costs table; without it the page shows no seconds.
        queries: what was asked for (`altools.statistics.diagnostics.summary`).
        notes: what the strategies noted (`altools.statistics.query_notes.table`).
        sheets: pictures to show with their dataset and setting.
        title: heading of the page.
        baseline: what the strategies are compared with.
        confidence: coverage of all intervals.
        metrics: which to include; by default all but those per class (with a slash in their name).
    """
    from plotly.offline import get_plotlyjs  # 5 MB of script: the page works offline

    check(curves)
    names = [name for name in dict.fromkeys(curves["metric"]) if "/" not in name] if metrics is None else list(metrics)
    content = {
        "baseline": baseline,
        "confidence": confidence,
        "strategies": _strategies(curves),
        "metrics": [_metric(name) for name in names],
        "places": _places(curves),
        "results": {name: _results(curves, costs, name, baseline, confidence) for name in names},
        "hours": [] if costs is None else _records(cost.totals(costs)),
        "measures": [
            {"name": name, "title": words, "share": share, "meaning": meaning}
            for name, (words, share, meaning) in QUERY_MEASURES.items()
        ],
        "queries": {} if queries is None else _queries(queries),
        "notes": [] if notes is None else _records(notes),
        "sheets": [_sheet(sheet) for sheet in sheets],
    }
    parts = {
        "title": _escape(title),
        "css": _part("page.css"),
        "plotly": get_plotlyjs(),
        "data": json.dumps(_plain(content), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
        "script": "\n".join(_part(f"{name}.js") for name in SCRIPTS),
    }
    # One pass, so that what is filled in is not searched for places again.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _part("page.html"))


def _results(
    curves: pd.DataFrame, costs: pd.DataFrame | None, metric: str, baseline: str, confidence: float
) -> dict[str, Any]:
    """Return everything about one metric, by ``dataset|setting``."""
    rows = curves[curves["metric"] == metric]
    points = intervals(rows, confidence)
    per_run = areas(curves, metric).rename(columns={"area": "value"}).assign(round=0, labels=-1, metric=metric)
    heights = intervals(per_run, confidence)
    tests = paired.table(curves, metric, baseline, confidence)
    against = paired.between(paired.measures(curves, metric))
    seeds = detectable.table(curves, metric, baseline)
    saved = savings.table(curves, metric, baseline, confidence=confidence) if direction(metric) > 0 else None
    gained = gain.table(curves, metric, baseline, confidence)
    spent = None if costs is None else cost.against_time(rows, costs, metric)
    tops = references(rows).set_index(WHERE)["reference"]
    found: dict[str, Any] = {}
    for dataset, setting in rows[WHERE].drop_duplicates().itertuples(index=False):
        here = dict(zip(WHERE, (dataset, setting), strict=True))
        own = _at(points, here)
        found[f"{dataset}|{setting}"] = {
            "curves": _by_strategy(own[own["strategy"] != REFERENCE], ["labels", "mean", "low", "high", "n", "note"]),
            "areas": _by_strategy(_at(heights, here), ["mean", "low", "high", "n", "note"]),
            "tests": _by_measure(_at(tests, here), ["strategy", "n", "difference", "low", "high", "p_holm", "note"]),
            "pairs": _by_measure(_at(against, here), ["strategy", "opponent", "n", "difference", "low", "high", "p"]),
            "gain": _by_measure(_at(gained, here), ["strategy", "share", "low", "high", "note"]),
            "detectable": _by_measure(_at(seeds, here), ["n", "smallest_significant", "detectable", "note"]),
            "savings": None
            if saved is None
            else _records(_at(saved, here).drop(columns=[*WHERE, "baseline", "metric"])),
            "spent": None
            if spent is None
            else _by_strategy(_at(spent, here), ["labels", "query_s", "train_s", "total_s"]),
            "reference": {"value": tops.get((dataset, setting)), "labels": _reference_labels(own)},
        }
    over = ranks.table(curves, metric)
    found["ranks"] = {name: _records(group.drop(columns="setting")) for name, group in over.groupby("setting")}
    return found


def _queries(summary: pd.DataFrame) -> dict[str, Any]:
    """Return the measures of all queries, by ``dataset|setting`` and measure."""
    columns = ["labels", "mean", "low", "high", "n", "note"]
    found: dict[str, Any] = {}
    for (dataset, setting, measure), rows in summary.groupby([*WHERE, "measure"], sort=True):
        found.setdefault(f"{dataset}|{setting}", {})[str(measure)] = _by_strategy(rows, columns)
    return found


def _strategies(curves: pd.DataFrame) -> list[dict[str, Any]]:
    names = sorted(set(curves["strategy"]) - {REFERENCE})
    looks = style.looks(names)
    return [
        {
            "name": name,
            "title": style.title(name),
            "color": look["color"],
            "dash": "solid" if look["linestyle"] == style.SOLID else "dash",
            "symbol": SYMBOLS[look["marker"]],
        }
        for name, look in looks.items()
    ]


def _metric(name: str) -> dict[str, Any]:
    return {"name": name, "title": style.title(name), "share": style.is_share(name), "direction": direction(name)}


def _places(curves: pd.DataFrame) -> list[dict[str, Any]]:
    own = curves[curves["strategy"] != REFERENCE]
    return [
        {
            "dataset": dataset,
            "setting": setting,
            "setting_title": style.title(str(setting)),
            "seeds": sorted(group["seed"].unique().tolist()),
            "labels": sorted(group["labels"].unique().tolist()),
        }
        for (dataset, setting), group in own.groupby(WHERE, sort=False)
    ]


def _reference_labels(points: pd.DataFrame) -> int | None:
    rows = points.loc[points["strategy"] == REFERENCE, "labels"]
    return None if rows.empty else int(rows.iloc[0])


def _at(table: pd.DataFrame, where: dict[str, Any]) -> pd.DataFrame:
    return table[(table["dataset"] == where["dataset"]) & (table["setting"] == where["setting"])]


def _by_strategy(table: pd.DataFrame, columns: list[str]) -> dict[str, dict[str, list[Any]]]:
    return {
        str(name): {column: group[column].tolist() for column in columns}
        for name, group in table.groupby("strategy", sort=True)
    }


def _by_measure(table: pd.DataFrame, columns: list[str]) -> dict[str, list[dict[str, Any]]]:
    keys = [AREA if pd.isna(labels) else str(labels) for labels in table["labels"]]
    return {str(key): _records(group[columns]) for key, group in table.groupby(np.array(keys, dtype=object))}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _sheet(sheet: Sheet) -> dict[str, str]:
    picture = "data:image/png;base64," + base64.b64encode(sheet.png).decode("ascii")
    return {"dataset": sheet.dataset, "setting": sheet.setting, "caption": sheet.caption, "picture": picture}


def _plain(value: Any) -> Any:
    """Return the value as JSON knows it: NaN is null, infinity the word, floats with six digits."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float | np.floating):
        if np.isfinite(value):
            return float(f"{value:.6g}")
        return None if np.isnan(value) else str(float(value))
    if isinstance(value, np.integer):
        return int(value)
    return None if value is pd.NA else value


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
