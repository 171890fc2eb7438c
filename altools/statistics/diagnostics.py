r"""What a strategy asks for: classes, overlap with the others, spread and near-duplicates of its queries.

.. math:: D = \frac12 \sum_c \Big( p_c \log_2 \frac{2 p_c}{p_c + q_c} + q_c \log_2 \frac{2 q_c}{p_c + q_c} \Big), \qquad
   J(A, B) = \frac{|A \cap B|}{|A \cup B|}

D is the Jensen-Shannon divergence in bits between the class shares p of a query and q of its pool: 0 for a query as
mixed as the pool, at most 1. J compares the queries of two strategies in the same seed and round; their pools agree in
the first query only, so J of later rounds also shows how far the runs have drifted apart.

Embedding functions take arrays and work in blocks: O(n m d) time, O(block m) memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from altools.errors import UserError
from altools.statistics.curves import WHERE, WHO

RUN = [*WHO, "seed", "round"]
COLUMNS = [*RUN, "index", "label"]
BLOCK = 512  # rows of a distance block: 512 x 50,000 float64 is 200 MB


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


def spread(
    chosen: NDArray[np.float32], pool: NDArray[np.float32], *, duplicate_radius: float | None = None
) -> dict[str, float]:
    """Describe a query in embedding space.

    Args:
        chosen: embeddings of the queried images (b, d).
        pool: embeddings of all images that could be queried, the chosen among them (u, d).
        duplicate_radius: distance under which two images are near-duplicates; by default `natural_radius` of the
            pool.

    Returns:
        ``mean_distance`` between two queried images (NaN for one); ``coverage_radius``, the largest distance of a
        pool image to the nearest queried one; ``mean_coverage``, the mean of these distances; ``duplicates``, the
        share of queried images that have another queried image within ``duplicate_radius``; and that radius.
    """
    if len(chosen) == 0:
        raise UserError("spread needs at least one chosen image. Got 0.")
    radius = natural_radius(pool) if duplicate_radius is None else duplicate_radius
    to_chosen = np.concatenate([block.min(axis=1) for block in _distances(pool, chosen)])
    total, near = 0.0, []
    start = 0
    for block in _distances(chosen, chosen):
        total += float(block.sum(dtype=np.float64))
        block[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        near.append(block.min(axis=1) <= radius if len(chosen) > 1 else np.zeros(len(block), dtype=bool))
        start += len(block)
    size = len(chosen)
    return {
        "mean_distance": total / (size * (size - 1)) if size > 1 else np.nan,
        "coverage_radius": float(to_chosen.max()),
        "mean_coverage": float(to_chosen.mean()),
        "duplicates": float(np.concatenate(near).mean()),
        "duplicate_radius": float(radius),
    }


def natural_radius(pool: NDArray[np.float32], *, share: float = 0.01, sample: int = 2000) -> float:
    """Return the distance under which ``share`` of all pairs of pool images lie: what counts as close here.

    At most ``sample`` images, evenly spread over the rows, stand for the pool.
    """
    rows = np.unique(np.linspace(0, len(pool) - 1, min(sample, len(pool))).astype(int))
    few = pool[rows]
    distances = np.concatenate(list(_distances(few, few)))
    upper = distances[np.triu_indices(len(few), k=1)]
    return float(np.quantile(upper, share)) if len(upper) else 0.0


def spreads(queries: pd.DataFrame, embeddings: Mapping[tuple[str, int], NDArray[np.float32]]) -> pd.DataFrame:
    """Return `spread` of every query in one fixed space per dataset and seed.

    Args:
        queries: the queries table.
        embeddings: for each (dataset, seed) the embeddings of the whole training set by row (n, d), all from one
            model (say the reference model), so that strategies and rounds can be compared.
    """
    _check(queries)
    radii: dict[tuple[str, int], float] = {}
    found = []
    key: Any
    for key, group in queries.groupby(RUN, sort=True):
        run = dict(zip(RUN, key, strict=True))
        place = (str(run["dataset"]), int(run["seed"]))
        if place not in embeddings:
            found.append({**run, "note": "no embeddings of this dataset and seed"})
            continue
        space = embeddings[place]
        radii.setdefault(place, natural_radius(space))
        row = spread(space[group["index"].to_numpy()], space, duplicate_radius=radii[place])
        found.append({**run, **row, "note": "one image: no mean distance" if len(group) == 1 else ""})
    columns = [*RUN, "mean_distance", "coverage_radius", "mean_coverage", "duplicates", "duplicate_radius", "note"]
    return pd.DataFrame(found, columns=columns)


def represented(chosen: NDArray[np.float32], pool: NDArray[np.float32]) -> pd.DataFrame:
    """Return for every pool image the queried image that stands for it: the nearest one (the first of equals).

    Returns:
        Columns member (row in ``pool``), representative (row in ``chosen``), distance.
    """
    nearest, distance = [], []
    for block in _distances(pool, chosen):
        place = block.argmin(axis=1)
        nearest.append(place)
        distance.append(block[np.arange(len(block)), place])
    columns = {"member": np.arange(len(pool)), "representative": np.concatenate(nearest)}
    return pd.DataFrame({**columns, "distance": np.concatenate(distance).astype(float)})


def _distances(rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Iterator[NDArray[np.float64]]:
    """Yield Euclidean distances of blocks of ``rows`` to all ``columns``.

    Centred and in float64: the distance of equal points is a difference of large squares, which float32 loses.
    """
    centre = columns.mean(axis=0, dtype=np.float64)
    columns = columns - centre
    squares = np.einsum("nd,nd->n", columns, columns)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK] - centre
        squared = np.einsum("nd,nd->n", block, block)[:, None] + squares - 2 * (block @ columns.T)
        yield np.sqrt(np.maximum(squared, 0))


def _check(queries: pd.DataFrame) -> None:
    lacking = [column for column in COLUMNS if column not in queries]
    if lacking:
        raise UserError(f"The queries table must have the columns {', '.join(COLUMNS)}. Missing: {', '.join(lacking)}.")
    twice = queries.duplicated([*RUN[:-1], "index"])
    if twice.any():
        first = queries[twice.to_numpy()].iloc[0]
        point = ", ".join(f"{column} {first[column]}" for column in [*RUN, "index"])
        raise UserError(f"A run must query each image once. Got twice: {point}.")
