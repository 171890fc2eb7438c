r"""What a strategy asks for: classes, overlap with the others, spread and near-duplicates of its queries.

.. math:: D = \frac12 \sum_c \Big( p_c \log_2 \frac{2 p_c}{p_c + q_c} + q_c \log_2 \frac{2 q_c}{p_c + q_c} \Big), \qquad
   J(A, B) = \frac{|A \cap B|}{|A \cup B|}

D is the Jensen-Shannon divergence in bits between the class shares p of a query and q of its pool: 0 for a query as
mixed as the pool, at most 1. J compares the queries of two strategies in the same seed and round; their pools agree in
the first query only, so J of later rounds also shows how far the runs have drifted apart. The spread of a query in the
space of the asked model is measured when it is asked (`altools.kernels.spread`).
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from altools.columns import SPREAD
from altools.errors import UserError
from altools.statistics.curves import WHERE, WHO, few, intervals, join_notes
from altools.statistics.paired import BASELINE

RUN = [*WHO, "seed", "round"]
COLUMNS = [*RUN, "index", "label"]
MEASURES = ["divergence", "classes", *SPREAD, "overlap_baseline"]


def measures(queries: pd.DataFrame, asked: pd.DataFrame, pool: pd.DataFrame) -> pd.DataFrame:
    """Return every number that describes a query, as a table of curves: a row per query and measure.

    Args:
        queries: the queries table.
        asked: dataset, setting, strategy, seed, round, labels (after the query) and the numbers of its spread; one row
            per query.
        pool: dataset, label, count (`class_histogram`).

    Returns:
        Columns dataset, setting, strategy, seed, round, labels, metric (one of `MEASURES`), value. What was not
        measured, or needs a query of the baseline that is not there, is NaN.
    """
    classes = divergence(class_histogram(queries, pool))
    shared = overlap(queries)
    shared = shared[(shared["opponent"] == BASELINE) & (shared["strategy"] != BASELINE)]
    shared = shared.rename(columns={"jaccard": "overlap_baseline"})[[*RUN, "overlap_baseline"]]
    wide = asked.merge(classes, on=RUN, how="left").merge(shared, on=RUN, how="left")
    return wide.melt([*RUN, "labels"], MEASURES, "metric", "value").astype({"value": float})


def summary(measured: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return mean and t interval over seeds of every measure, by strategy and round.

    Returns:
        Columns dataset, setting, strategy, measure, round, labels, mean, low, high, n, note. The baseline has no
        overlap with itself and no row for it.
    """
    own = measured[(measured["metric"] != "overlap_baseline") | (measured["strategy"] != BASELINE)]
    return intervals(own, confidence).rename(columns={"metric": "measure"})


def overlaps(queries: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Return the mean overlap over seeds of every pair of strategies, by round, beside that of two random queries.

    Args:
        queries: the queries table.
        asked: dataset, round, budget and pool of every query.

    Returns:
        Columns dataset, setting, round, strategy, opponent, jaccard, chance, n (seeds), note; each pair once.
    """
    rows = overlap(queries)
    rows = rows[rows["strategy"] < rows["opponent"]]
    keys = [*WHERE, "round", "strategy", "opponent"]
    found = rows.groupby(keys, sort=True)["jaccard"].agg(jaccard="mean", n="count", seeds="size").reset_index()
    sizes = asked.groupby(["dataset", "round"])[["budget", "pool"]].first().reset_index()
    found = found.merge(sizes, on=["dataset", "round"], how="left")
    found["chance"] = [
        chance_overlap(budget, pool) for budget, pool in zip(found["budget"], found["pool"], strict=True)
    ]
    found["note"] = [
        join_notes(few(n), f"{seeds - n} of {seeds} seeds without a query of both" if n < seeds else "")
        for n, seeds in zip(found["n"], found["seeds"], strict=True)
    ]
    return found[[*keys, "jaccard", "chance", "n", "note"]]


def class_histogram(queries: pd.DataFrame, pool: pd.DataFrame) -> pd.DataFrame:
    """Count the classes of each query beside those of the pool it was drawn from.

    Args:
        queries: dataset, setting, strategy, seed, round, index, label; one row per queried image.
        pool: dataset, label, count: the classes of the training set (or of the pool of round 1; what was queried
            in earlier rounds is not taken off).

    Returns:
        Columns dataset, setting, strategy, seed, round, label, count, share, pool_share; classes with no query have
        count 0.
    """
    _check(queries)
    found = []
    for dataset, group in queries.groupby("dataset", sort=True):
        whole = pool.loc[pool["dataset"] == dataset].set_index("label")["count"].sort_index()
        if whole.empty:
            raise UserError(f"The pool table must hold every dataset of the queries. Missing: {dataset}.")
        strange = sorted(set(group["label"]) - set(whole.index))
        if strange:
            raise UserError(f"The pool of {dataset} must hold every class of the queries. Missing: {strange}.")
        counts = group.groupby([*RUN, "label"]).size().unstack("label", fill_value=0)
        counts = counts.reindex(columns=whole.index, fill_value=0)
        shares = counts.div(counts.sum(axis=1), axis=0)
        long = pd.DataFrame({"count": counts.stack(), "share": shares.stack()}).reset_index()
        found.append(long.assign(pool_share=long["label"].map(whole / whole.sum())))
    columns = [*RUN, "label", "count", "share", "pool_share"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def divergence(histogram: pd.DataFrame) -> pd.DataFrame:
    """Return dataset, setting, strategy, seed, round, divergence (bits), classes (how many were queried at all).

    Args:
        histogram: the table of `class_histogram`.
    """
    p, q = histogram["share"].to_numpy(float), histogram["pool_share"].to_numpy(float)
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p / middle), 0) + np.where(q > 0, q * np.log2(q / middle), 0)
    rows = histogram.assign(divergence=terms / 2, classes=histogram["count"] > 0)
    sums = rows.groupby(RUN, sort=True)[["divergence", "classes"]].sum().reset_index()
    return sums.assign(divergence=sums["divergence"].clip(0, 1))


def overlap(queries: pd.DataFrame, *, cumulative: bool = False) -> pd.DataFrame:
    """Return the Jaccard overlap of every pair of strategies, per seed and round.

    Args:
        queries: the queries table.
        cumulative: compare all queries up to the round instead of the round's own.

    Returns:
        Columns dataset, setting, seed, round, strategy, opponent, jaccard, note; pairs stand in both orders and with
        themselves. A strategy without queries in a seed and round that others have gets NaN and a note.
    """
    _check(queries)
    found = []
    for (dataset, setting), group in queries.groupby(WHERE, sort=True):
        strategies = sorted(group["strategy"].unique())
        for seed, runs in group.groupby("seed", sort=True):
            for round_ in sorted(runs["round"].unique()):
                taken = runs[runs["round"] <= round_] if cumulative else runs[runs["round"] == round_]
                sets = {name: set(rows["index"]) for name, rows in taken.groupby("strategy")}
                now = set(runs.loc[runs["round"] == round_, "strategy"])
                for one, other in combinations_with_replacement(strategies, 2):
                    lacking = [name for name in dict.fromkeys((one, other)) if name not in now]
                    value = np.nan if lacking else len(sets[one] & sets[other]) / len(sets[one] | sets[other])
                    note = f"no query of {', '.join(lacking)}" if lacking else ""
                    for pair in dict.fromkeys(((one, other), (other, one))):
                        found.append((dataset, setting, seed, round_, *pair, value, note))
    columns = [*WHERE, "seed", "round", "strategy", "opponent", "jaccard", "note"]
    return pd.DataFrame(found, columns=columns)


def chance_overlap(budget: int, pool: int) -> float:
    """Return the Jaccard overlap that two random queries of this size have on average (to first order)."""
    expected = budget * budget / pool
    return expected / (2 * budget - expected)


def _check(queries: pd.DataFrame) -> None:
    lacking = [column for column in COLUMNS if column not in queries]
    if lacking:
        raise UserError(f"The queries table must have the columns {', '.join(COLUMNS)}. Missing: {', '.join(lacking)}.")
    twice = queries.duplicated([*RUN[:-1], "index"])
    if twice.any():
        first = queries[twice.to_numpy()].iloc[0]
        point = ", ".join(f"{column} {first[column]}" for column in [*RUN, "index"])
        raise UserError(f"A run must query each image once. Got twice: {point}.")
