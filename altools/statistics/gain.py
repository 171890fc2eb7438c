r"""Share of the reachable gain: how far a strategy goes from the baseline towards the model trained on every label.

.. math:: g = \frac{\bar y - \bar b}{\bar r - \bar b}

with y the strategy, b the baseline and r the model trained on every label. 0 is the baseline, 1 that model; below 0
the strategy does harm. Means are over the seeds that all three have; the interval comes from resampling these seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from altools.columns import REFERENCE
from altools.statistics.curves import WHERE, direction, few, join_notes, of_metric, several
from altools.statistics.paired import BASELINE, PLACE, by_seed, measures, only_present
from altools.statistics.resampling import percentiles, resamples


def table(
    curves: pd.DataFrame, metric: str = "accuracy", baseline: str = BASELINE, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the share of the reachable gain at every budget and for the area under the curve.

    Returns:
        Columns dataset, setting, measure, labels, strategy, baseline, metric, n, share, low, high, reachable (the
        distance from baseline to reference), note. No share where the reference is not better than the baseline.
    """
    rows = of_metric(curves, metric)
    tops = rows[rows["strategy"] == REFERENCE].set_index([*WHERE, "seed"])["value"]
    long = measures(curves, metric)
    runs = by_seed(long)
    found = []
    place: Any
    for number, place in enumerate(runs.places.to_dict("records")):
        top = tops.reindex([(place["dataset"], place["setting"], seed) for seed in runs.seeds]).to_numpy(dtype=float)
        base = runs.of(baseline)[:, number]
        for name in runs.strategies:
            if name == baseline:
                continue
            own = runs.of(name)[:, number]
            row = _row(own, base, top, direction(metric), confidence)
            some = ~np.isnan(np.stack([own, base, top]))
            lacking = runs.seeds[some.any(axis=0) & ~some.all(axis=0)]
            row["note"] = join_notes(
                "no reference model" if np.isnan(top).all() else "",
                f"no value of {baseline}" if np.isnan(base).all() else "",
                str(row["note"]),
                f"seed {several(lacking)} not in all three" if len(lacking) and row["n"] else "",
            )
            found.append({**place, "strategy": name, **row})
    columns = [*PLACE, "strategy", "baseline", "metric", "n", "share", "low", "high", "reachable", "note"]
    result = pd.DataFrame(found, columns=columns).assign(baseline=baseline, metric=metric)
    return only_present(result.astype({"labels": "Int64"}), long)


def _row(
    own: NDArray[np.float64], base: NDArray[np.float64], top: NDArray[np.float64], sign: int, confidence: float
) -> dict[str, Any]:
    complete = np.isfinite(own + base + top)
    values = sign * np.stack([own, base, top])[:, complete]
    n = int(complete.sum())
    row: dict[str, Any] = {"n": n, "note": few(n)}
    if n == 0:
        return row
    mean_own, mean_base, mean_top = values.mean(axis=1)
    row["reachable"] = mean_top - mean_base
    if mean_top <= mean_base:
        return {**row, "note": join_notes(few(n), "the reference model is not better than the baseline")}
    row["share"] = (mean_own - mean_base) / (mean_top - mean_base)
    if n > 1:
        some = values[:, resamples(n)].mean(axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (some[0] - some[1]) / (some[2] - some[1])
        usable = some[2] > some[1]
        if usable.all():
            row["low"], row["high"] = percentiles(shares, confidence)
        else:
            row["note"] = f"no interval: nothing to gain in {100 * (1 - usable.mean()):.0f} % of the resamples"
    return row
