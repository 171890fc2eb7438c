"""Step: one table of statistics over all datasets, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from altools import storage
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
from altools.steps.job import provenance

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
"""What each table is made from: the curves and the costs of all datasets."""


def statistic(*, name: str, curves: Sequence[str], costs: Sequence[str], table: str, csv: str, code: str) -> None:
    """Write the table ``name`` as parquet, and as csv for reading."""
    _write(TABLES[name](tables.read(curves), tables.read(costs)), table, csv, code)


@dataclass(frozen=True, kw_only=True)
class Queries:
    """Every query of all datasets: the images, the numbers, the strategies' notes, and the classes of the pool."""

    images: pd.DataFrame
    asked: pd.DataFrame
    facts: pd.DataFrame
    pool: pd.DataFrame


QUERY_TABLES: dict[str, Callable[[Queries], pd.DataFrame]] = {
    "diagnostics": lambda made: diagnostics.summary(diagnostics.measures(made.images, made.asked, made.pool)),
    "overlaps": lambda made: diagnostics.overlaps(made.images, made.asked),
    "query_notes": lambda made: query_notes.table(made.facts),
}
"""What each table about the queries is made from."""


def query_statistic(
    *,
    name: str,
    queries: Sequence[str],
    asked: Sequence[str],
    facts: Sequence[str],
    records: Sequence[str],
    datasets: Sequence[str],
    table: str,
    csv: str,
    code: str,
) -> None:
    """Write the table ``name`` about the queries of all datasets.

    Args:
        name: of the table.
        queries: queried images of each dataset.
        asked: their queries' sizes and spread.
        facts: their strategies' notes.
        records: ``dataset.json`` of each dataset.
        datasets: their names.
        table: written.
        csv: written.
        code: fingerprint.
    """
    made = Queries(
        images=tables.read(queries),
        asked=tables.read(asked),
        facts=tables.read(facts),
        pool=pd.concat(
            [tables.class_counts(*pair) for pair in zip(datasets, map(storage.read_json, records), strict=True)],
            ignore_index=True,
        ),
    )
    _write(QUERY_TABLES[name](made), table, csv, code)


def _write(result: pd.DataFrame, table: str, csv: str, code: str) -> None:
    storage.write_table(table, result, provenance(code))
    with storage.atomic(csv) as temporary:
        result.round(4).to_csv(temporary, index=False)
