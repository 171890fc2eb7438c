r"""Label savings: how many labels a strategy needs for what the baseline reaches at its last budget.

.. math:: l(v) = \min \{\, l : \bar y(l) \ge v \,\}, \quad \text{saved} = 1 - l_{\text{own}}(v) / l_{\text{base}}(v)

for the targets v = 100 %, 95 % and 90 % of the baseline's last mean value. The mean curve over seeds is joined by
straight lines and its first crossing counts. Intervals come from resampled seeds (the same seeds for both, target
and crossings anew each time); a resample that never reaches its target counts as infinitely many labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from altools.columns import REFERENCE
from altools.errors import UserError
from altools.statistics.curves import WHERE, direction, few, join_notes, of_metric, several
from altools.statistics.paired import BASELINE
from altools.statistics.resampling import percentiles, resamples

TARGETS = (1.0, 0.95, 0.9)


def table(
    curves: pd.DataFrame,
    metric: str = "accuracy",
    baseline: str = BASELINE,
    targets: tuple[float, ...] = TARGETS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the labels each strategy needs per target, and the share it saves.

    Returns:
        Columns dataset, setting, strategy, baseline, metric, target (share of the baseline's last value), value
        (the target itself), n (seeds both have complete), labels, labels_low, labels_high, baseline_labels, saved,
        saved_low, saved_high, note. NaN labels: not reached; an infinite bound: not reached in too many resamples.

    Raises:
        UserError: the metric is better when lower; a share of it is no target.
    """
    if direction(metric) < 0:
        raise UserError(f"Label savings need a metric that is better when higher. Got {metric!r}.")
    rows = of_metric(curves, metric)
    found = []
    for where, group in rows[rows["strategy"] != REFERENCE].groupby(WHERE, sort=True):
        wide = group.pivot(index=["strategy", "seed"], columns="labels", values="value").sort_index(axis=1)
        budgets = wide.columns.to_numpy(dtype=float)
        complete = wide.loc[np.isfinite(wide.to_numpy()).all(axis=1)]
        for name in sorted(set(group["strategy"]) - {baseline}):
            seeds, own, base, note = _partners(wide, complete, name, baseline)
            for share in targets:
                row = _row(budgets, own, base, share, confidence)
                row["note"] = join_notes(note, str(row["note"]))
                found.append({**dict(zip(WHERE, where, strict=True)), "strategy": name, "n": len(seeds), **row})
    columns = [*WHERE, "strategy", "baseline", "metric", "target", "value", "n", "labels", "labels_low", "labels_high"]
    columns += ["baseline_labels", "saved", "saved_low", "saved_high", "note"]
    return pd.DataFrame(found, columns=columns).assign(baseline=baseline, metric=metric)


def crossing(
    budgets: NDArray[np.float64], curves: NDArray[np.float64], heights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where each curve first reaches its height, +inf where it never does.

    Args:
        budgets: numbers of labels, rising (r).
        curves: a curve per row (b, r).
        heights: a height per row (b).
    """
    reached = curves >= heights[:, None] - 1e-12
    place = reached.argmax(axis=1)
    before = np.maximum(place - 1, 0)
    rows = np.arange(len(curves))
    rise = curves[rows, place] - curves[rows, before]
    share = np.where(rise > 0, (heights - curves[rows, before]) / np.where(rise > 0, rise, 1), 1.0)
    labels = budgets[before] + np.clip(share, 0, 1) * (budgets[place] - budgets[before])
    return np.where(reached.any(axis=1), labels, np.inf)


def _partners(
    wide: pd.DataFrame, complete: pd.DataFrame, name: str, baseline: str
) -> tuple[list[int], NDArray[np.float64], NDArray[np.float64], str]:
    every = {who: set(wide.loc[[who]].index.get_level_values("seed")) for who in (name, baseline) if who in wide.index}
    usable = {who: set(complete.loc[[who]].index.get_level_values("seed")) for who in every if who in complete.index}
    seeds = sorted(usable.get(name, set()) & usable.get(baseline, set()))
    unused = sorted(set().union(*every.values()) - set(seeds))
    note = join_notes(
        f"no value of {baseline} in this dataset and setting" if baseline not in every else "",
        f"seed {several(unused)} not in both or not complete" if unused and baseline in every else "",
    )
    own, base = (
        (complete.loc[who].loc[seeds].to_numpy(dtype=float) if seeds else np.empty((0, wide.shape[1])))
        for who in (name, baseline)
    )
    return seeds, own, base, note


def _row(
    budgets: NDArray[np.float64], own: NDArray[np.float64], base: NDArray[np.float64], share: float, confidence: float
) -> dict[str, Any]:
    n = len(own)
    row: dict[str, Any] = {"target": share, "note": few(n)}
    if n == 0:
        return row
    labels, base_labels, value = _needed(budgets, own, base, share, np.arange(n)[None])
    with np.errstate(invalid="ignore"):
        row |= {"value": value[0], "labels": _finite(labels[0]), "baseline_labels": _finite(base_labels[0])}
        row["saved"] = _finite(1 - labels[0] / base_labels[0])
    notes = [few(n)]
    if np.isinf(labels[0]):
        notes.append(f"not reached with {budgets[-1]:.0f} labels")
    elif labels[0] == budgets[0]:
        notes.append("reached by the initial labels")
    if n > 1:
        labels, base_labels, _ = _needed(budgets, own, base, share, resamples(n))
        row["labels_low"], row["labels_high"] = percentiles(labels, confidence)
        row["saved_low"], row["saved_high"] = percentiles(1 - labels / base_labels, confidence)
        missed = np.isinf(labels).mean()
        if missed > 0 and not np.isnan(row["labels"]):
            notes.append(f"not reached in {100 * missed:.0f} % of the resamples")
    return {**row, "note": join_notes(*notes)}


def _needed(
    budgets: NDArray[np.float64],
    own: NDArray[np.float64],
    base: NDArray[np.float64],
    share: float,
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    mean_own, mean_base = own[rows].mean(axis=1), base[rows].mean(axis=1)
    value = share * mean_base[:, -1]
    return crossing(budgets, mean_own, value), crossing(budgets, mean_base, value), value


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.nan
