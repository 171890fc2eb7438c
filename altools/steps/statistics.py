"""Step: one table of statistics over all datasets, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from altools import storage
from altools.runtime.job import Job
from altools.statistics import (
    cost,
    curves,
    detectable,
    diagnostics,
    gain,
    paired,
    penalty,
    query_notes,
    ranks,
    savings,
    wins,
)
from altools.steps import tables


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files that are written."""

    table: str
    """Parquet."""
    csv: str
    """The same, rounded, for reading."""


@dataclass(frozen=True, kw_only=True)
class Queries:
    """The queries of all datasets."""

    images: pd.DataFrame
    sizes: pd.DataFrame
    notes: pd.DataFrame
    pool: pd.DataFrame
    """Classes of the training sets."""


TABLES: dict[str, Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]] = {
    "summary": lambda rows, _: curves.summary(rows),
    "paired": lambda rows, _: paired.table(rows),
    "wins": lambda rows, _: wins.table(paired.table(rows)),
    "penalty": lambda rows, _: penalty.table(rows),
    "ranks": lambda rows, _: ranks.table(rows),
    "rank_pairs": lambda rows, _: ranks.pairs(rows),
    "savings": lambda rows, _: savings.table(rows),
    "gain": lambda rows, _: gain.table(rows),
    "detectable": lambda rows, _: detectable.table(rows),
    "cost": lambda _, costs: cost.totals(costs),
    "cost_against_gain": cost.against_time,
}
"""How each table is made from the curves and the costs of all datasets."""

QUERY_TABLES: dict[str, Callable[[Queries], pd.DataFrame]] = {
    "diagnostics": lambda queries: diagnostics.summary(
        diagnostics.measures(queries.images, queries.sizes, queries.pool)
    ),
    "overlaps": lambda queries: diagnostics.overlaps(queries.images, queries.sizes),
    "query_notes": lambda queries: query_notes.table(queries.notes),
}
"""How each table about queries is made."""


def statistic(inputs: Mapping[str, Any], outputs: Outputs, name: str, datasets: Sequence[str], job: Job) -> None:
    """Write a table of statistics.

    Args:
        inputs: tables of all datasets: curves and costs, or queries, their sizes and notes, and ``dataset.json`` files.
        outputs: files that are written.
        name: of the table.
        datasets: names of the datasets with queries.
        job: who computes.
    """
    result = query_table(name, inputs, datasets) if name in QUERY_TABLES else curve_table(name, inputs)
    storage.write_table(outputs.table, result, job.provenance())
    with storage.atomic(outputs.csv) as temporary:
        result.round(4).to_csv(temporary, index=False)


def curve_table(name: str, inputs: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table made from curves and costs."""
    return TABLES[name](tables.read(inputs["curves"]), tables.read(inputs["costs"]))


def query_table(name: str, inputs: Mapping[str, Any], datasets: Sequence[str]) -> pd.DataFrame:
    """Return a table made from queries."""
    infos = zip(datasets, map(storage.read_json, inputs["dataset_infos"]), strict=True)
    queries = Queries(
        images=tables.read(inputs["queries"]),
        sizes=tables.read(inputs["query_sizes"]),
        notes=tables.read(inputs["query_notes"]),
        pool=pd.concat([tables.class_counts(*pair) for pair in infos], ignore_index=True),
    )
    return QUERY_TABLES[name](queries)
