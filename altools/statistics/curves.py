r"""Learning curves over seeds: mean with an interval at each budget, and the area under the budget curve.

.. math:: \bar y \pm t_{n-1,\,1-\alpha/2} \, s / \sqrt n, \qquad
   A = \frac{1}{l_R - l_0} \sum_{r=1}^{R} (l_r - l_{r-1}) \, \frac{y_r + y_{r-1}}{2}

with y the metric, l_r the *number of labelled images* of round r (not its index), s the standard deviation over
n seeds (n - 1 degrees of freedom). A is the mean height of the curve, in the unit of the metric.

An interval tells where the mean over all seeds may lie. To compare two strategies use `altools.statistics.paired`:
their seeds share initial labels, so overlapping intervals say little.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd

from altools import metrics
from altools.columns import REFERENCE
from altools.errors import UserError

WHERE = ["dataset", "setting"]
WHO = [*WHERE, "strategy"]
COLUMNS = [*WHO, "seed", "round", "labels", "metric", "value"]

Kind = Literal["t", "bootstrap"]


def intervals(curves: pd.DataFrame, confidence: float = 0.95, kind: Kind = "t") -> pd.DataFrame:
    """Return mean and interval over seeds for every point of every curve.

    Args:
        curves: the tidy curves table, one row per seed, round and metric.
        confidence: coverage of the interval, between 0 and 1.
        kind: ``t`` (Student), or ``bootstrap`` (percentiles over resampled seeds; too narrow for few seeds).

    Returns:
        Columns dataset, setting, strategy, metric, round, labels, mean, low, high, n, note; sorted by the first six.
        ``n`` counts finite values; with n = 1 there is no interval, with n = 0 no mean, and the note says so.
    """
    check(curves)
    keys = [*WHO, "metric", "round", "labels"]
    values = curves.assign(value=curves["value"].where(np.isfinite(curves["value"])))
    rows = values.groupby(keys, sort=True)["value"].agg(["mean", "count", "size"]).reset_index()
    bounds = _t_bounds if kind == "t" else _bootstrap_bounds
    low, high = bounds(values, keys, confidence)
    absent = absent_seeds(curves, keys)
    notes = [
        join_notes(
            few(count),
            f"{size - count} of {size} values not finite" if size > count else "",
            _lacking(absent[key]) if key[2] != REFERENCE else "",
        )
        for key, count, size in zip(_keys(rows, keys), rows["count"], rows["size"], strict=True)
    ]
    rows = rows.assign(low=low, high=high, note=notes).rename(columns={"count": "n"})
    return rows[[*keys, "mean", "low", "high", "n", "note"]]


def areas(curves: pd.DataFrame, metric: str = "accuracy") -> pd.DataFrame:
    """Return the normalised area under the budget curve of every run (strategy and seed).

    A run that lacks a budget of its dataset and setting, or has a value that is not finite, has no comparable
    area: NaN, and the note names the budgets.

    Returns:
        Columns dataset, setting, strategy, seed, area, note.
    """
    rows = of_metric(curves, metric)
    rows = rows[rows["strategy"] != REFERENCE]
    found = []
    where: Any
    for where, group in rows.groupby(WHERE, sort=True):
        wide = group.pivot(index=["strategy", "seed"], columns="labels", values="value").sort_index(axis=1)
        budgets = wide.columns.to_numpy(dtype=float)
        values = wide.to_numpy(dtype=float)
        finite = np.isfinite(values)
        complete = finite.all(axis=1)
        if len(budgets) > 1:
            heights = np.trapezoid(values, budgets, axis=1) / (budgets[-1] - budgets[0])
        else:
            heights = values[:, 0]
        notes = [
            join_notes(
                "" if ok.all() else f"no value at {several(wide.columns[~ok])} labels",
                "one budget: the area is the value" if len(budgets) == 1 else "",
            )
            for ok in finite
        ]
        area = np.where(complete, heights, np.nan)
        runs = wide.index.to_frame(index=False).assign(area=area, note=notes)
        found.append(runs.assign(dataset=where[0], setting=where[1]))
    columns = [*WHO, "seed", "area", "note"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def summary(curves: pd.DataFrame, metric: str = "accuracy", confidence: float = 0.95) -> pd.DataFrame:
    """Return one row per strategy: area under the budget curve with a t interval, and the mean at each budget.

    Returns:
        Columns dataset, setting, strategy, metric, n (seeds with an area), area, area_low, area_high, reference
        (mean of the model trained on every label, NaN where unknown), note, then ``at_<labels>`` for every budget
        (NaN where the dataset has no such budget). Best area first within dataset and setting.
    """
    rows = of_metric(curves, metric)
    per_run = areas(curves, metric)
    as_metric = per_run.rename(columns={"area": "value"}).assign(round=0, labels=0, metric="area")
    area = intervals(as_metric, confidence).drop(columns=["metric", "round", "labels", "note"])
    area = area.rename(columns={"mean": "area", "low": "area_low", "high": "area_high"})
    points = intervals(rows, confidence)
    points = points[points["strategy"] != REFERENCE]
    wide = points.pivot(index=WHO, columns="labels", values="mean").sort_index(axis=1).add_prefix("at_").reset_index()
    absent = absent_seeds(rows, WHO)
    runs = {who: group for who, group in per_run.groupby(WHO)}
    notes = []
    for who, n in zip(_keys(area, WHO), area["n"], strict=True):
        faults = [
            f"seed {seed}: {note}" for seed, note in zip(runs[who]["seed"], runs[who]["note"], strict=True) if note
        ]
        notes.append(join_notes(few(n), *faults, _lacking(absent[who])))
    table = area.assign(metric=metric, note=notes).merge(references(rows), on=WHERE, how="left").merge(wide, on=WHO)
    first = [*WHO, "metric", "n", "area", "area_low", "area_high", "reference", "note"]
    table = table[[*first, *(column for column in table if column not in first)]]
    rising = direction(metric) < 0
    table = table.sort_values([*WHERE, "area", "strategy"], ascending=[True, True, rising, True], ignore_index=True)
    return table.rename_axis(columns=None)


def direction(metric: str) -> int:
    """Return +1 where a higher value is better, -1 where a lower one is."""
    return -1 if metric in metrics.named("LOWER_IS_BETTER") else 1


def references(rows: pd.DataFrame) -> pd.DataFrame:
    """Return dataset, setting, reference: the mean over seeds of the model trained on every label.

    Args:
        rows: the rows of one metric (`of_metric`).
    """
    mine = rows[rows["strategy"] == REFERENCE]
    means = mine.groupby(WHERE, sort=True)["value"].mean()
    return means.rename("reference").reset_index()


def of_metric(curves: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rows of one metric.

    Raises:
        UserError: the table has no such metric, or it is not a curves table (`check`).
    """
    check(curves)
    rows = curves[curves["metric"] == metric]
    if rows.empty:
        known = ", ".join(sorted(curves["metric"].unique()))
        raise UserError(f"metric must be one of the metrics in the curves table: {known}. Got {metric!r}.")
    return rows


def check(curves: pd.DataFrame) -> None:
    """Refuse a table that lacks a column or holds the same point of the same run twice.

    Raises:
        UserError: with the column, or the first point that occurs twice.
    """
    lacking = [column for column in COLUMNS if column not in curves]
    if lacking:
        raise UserError(f"The curves table must have the columns {', '.join(COLUMNS)}. Missing: {', '.join(lacking)}.")
    keys = [*WHO, "seed", "labels", "metric"]
    twice = curves.duplicated(keys)
    if twice.any():
        first = curves[twice.to_numpy()].iloc[0]
        point = ", ".join(f"{key} {first[key]}" for key in keys)
        raise UserError(f"The curves table must hold each point of a run once. Got twice: {point}.")


def absent_seeds(curves: pd.DataFrame, keys: list[str]) -> dict[tuple, list[int]]:
    """Return for every group of ``keys`` the seeds that other strategies of its dataset and setting have."""
    own = curves[curves["strategy"] != REFERENCE]
    every: dict[Any, set[int]] = {where: set(seeds) for where, seeds in own.groupby(WHERE)["seed"]}
    groups: dict[Any, set[int]] = {key: set(seeds) for key, seeds in curves.groupby(keys)["seed"]}
    return {key: sorted(every.get(key[:2], set()) - seeds) for key, seeds in groups.items()}


def few(n: int) -> str:
    """Return the note for a sample too small for an interval, else an empty string."""
    return {0: "n = 0, no value", 1: "n = 1, no interval"}.get(int(n), "")


def join_notes(*notes: str) -> str:
    """Join the notes that say something."""
    return "; ".join(note for note in notes if note)


def _t_bounds(values: pd.DataFrame, keys: list[str], confidence: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy import stats  # 0.3 s: only where an interval is asked for

    groups = values.groupby(keys, sort=True)["value"]
    mean, deviation, count = groups.mean().to_numpy(), groups.std(ddof=1).to_numpy(), groups.count().to_numpy()
    many = count > 1
    size = np.where(many, count, 2)
    half = np.where(many, stats.t.ppf((1 + confidence) / 2, size - 1) * deviation / np.sqrt(size), np.nan)
    return mean - half, mean + half


def _bootstrap_bounds(values: pd.DataFrame, keys: list[str], confidence: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy import stats

    samples = [group.dropna().to_numpy() for _, group in values.groupby(keys, sort=True)["value"]]
    sizes = np.array([len(sample) for sample in samples])
    low, high = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
    for size in np.unique(sizes[sizes > 1]):
        rows = np.flatnonzero(sizes == size)
        matrix = np.stack([samples[row] for row in rows])
        found = stats.bootstrap(
            (matrix,),
            np.mean,
            axis=1,
            confidence_level=confidence,
            method="percentile",
            batch=max(1, 2_000_000 // matrix.size),  # 16 MB of resamples at a time
            rng=np.random.default_rng(0),
        ).confidence_interval
        low[rows], high[rows] = found.low, found.high
    return low, high


def _keys(table: pd.DataFrame, keys: list[str]) -> Iterable[tuple]:
    return table[keys].itertuples(index=False, name=None)


def _lacking(seeds: list[int]) -> str:
    return f"no value for seed {several(seeds)}" if seeds else ""


def several(items: Iterable) -> str:
    """Return the items as a list in words."""
    return ", ".join(str(item) for item in items)
