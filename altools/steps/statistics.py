"""Step: one table of statistics over all datasets, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from altools import storage
from altools.statistics import cost, curves, detectable, gain, paired, penalty, ranks, savings, wins
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
    rows, spent = (pd.concat([storage.read_table(file) for file in files]) for files in (curves, costs))
    result = TABLES[name](rows.reset_index(drop=True), spent.reset_index(drop=True))
    storage.write_table(table, result, provenance(code))
    with storage.atomic(csv) as temporary:
        result.round(4).to_csv(temporary, index=False)
