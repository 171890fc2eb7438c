r"""What a result cost: seconds so far at each budget, and the hours of the whole grid.

.. math:: T_r = \sum_{i \le r} (\text{query}_i + \text{train}_i)

The query of round i chose the labels that round i trains on, so T_r is what the model of round r took from scratch. A
model that several strategies share (round 0) counts in full for each of them here; `totals` counts it once.
"""

from __future__ import annotations

import pandas as pd

from altools.columns import REFERENCE
from altools.errors import UserError
from altools.statistics.curves import WHERE, WHO, intervals, join_notes, of_metric

COLUMNS = [*WHO, "seed", "round", "labels", "query_s", "train_s", "query_peak_mb", "train_peak_mb"]


def against_time(curves: pd.DataFrame, costs: pd.DataFrame, metric: str = "accuracy") -> pd.DataFrame:
    """Return mean time so far and mean metric of every strategy at every budget.

    Returns:
        Columns dataset, setting, strategy, metric, round, labels, query_s, train_s, total_s (means over seeds, summed
        up to this round), mean, low, high, n, note. A strategy without costs keeps its rows, without seconds.
    """
    _check(costs)
    points = intervals(of_metric(curves, metric))
    points = points[points["strategy"] != REFERENCE]
    ordered = costs.sort_values([*WHO, "seed", "round"])
    seconds = ordered.groupby([*WHO, "seed"])[["query_s", "train_s"]].transform(lambda part: part.cumsum(skipna=False))
    so_far = ordered[[*WHO, "round"]].assign(**seconds, total_s=seconds.sum(axis=1, skipna=False))
    means = so_far.groupby([*WHO, "round"], sort=True)[["query_s", "train_s", "total_s"]].mean().reset_index()
    table = points.merge(means, on=[*WHO, "round"], how="left")
    unknown = table["total_s"].isna()
    table["note"] = [
        join_notes(note, "seconds unknown" if missing else "")
        for note, missing in zip(table["note"], unknown, strict=True)
    ]
    columns = [*WHO, "metric", "round", "labels", "query_s", "train_s", "total_s", "mean", "low", "high", "n", "note"]
    return table[columns].reset_index(drop=True)


def totals(costs: pd.DataFrame) -> pd.DataFrame:
    """Return what each strategy cost over all rounds and seeds, without the round 0 that all share.

    Returns:
        Columns dataset, setting, strategy, runs, query_h, train_h, total_h, query_s_per_round (mean), query_share,
        query_peak_mb, train_peak_mb (largest), note; and per dataset and setting a row of the strategy "(shared
        round 0)" with the training all start from.
    """
    _check(costs)
    own = costs[costs["round"] > 0]
    sums = own.groupby(WHO, sort=True).agg(
        runs=("seed", "nunique"),
        query_h=("query_s", "sum"),
        train_h=("train_s", "sum"),
        query_s_per_round=("query_s", "mean"),
        query_peak_mb=("query_peak_mb", "max"),
        train_peak_mb=("train_peak_mb", "max"),
        unknown=("query_s", lambda part: int(part.isna().sum())),
        rounds=("query_s", "size"),
    )
    first = costs[costs["round"] == 0].drop_duplicates([*WHERE, "seed"])
    shared = first.groupby(WHERE, sort=True).agg(
        runs=("seed", "nunique"), train_h=("train_s", "sum"), train_peak_mb=("train_peak_mb", "max")
    )
    shared = shared.reset_index().assign(strategy="(shared round 0)", query_h=0.0, unknown=0, rounds=0)
    table = pd.concat([sums.reset_index(), shared], ignore_index=True)
    hours = table[["query_h", "train_h"]] / 3600
    table = table.assign(**hours, total_h=hours.sum(axis=1))
    table["query_share"] = table["query_h"] / table["total_h"].where(table["total_h"] > 0)
    table["note"] = [
        f"seconds of {unknown} of {rounds} queries unknown" if unknown else ""
        for unknown, rounds in zip(table["unknown"], table["rounds"], strict=True)
    ]
    columns = [*WHO, "runs", "query_h", "train_h", "total_h", "query_s_per_round", "query_share"]
    columns += ["query_peak_mb", "train_peak_mb", "note"]
    return table[columns].sort_values(WHO, ignore_index=True)


def _check(costs: pd.DataFrame) -> None:
    lacking = [column for column in COLUMNS if column not in costs]
    if lacking:
        raise UserError(f"The costs table must have the columns {', '.join(COLUMNS)}. Missing: {', '.join(lacking)}.")
