"""Pick the one dataset and setting that a figure shows."""

from __future__ import annotations

import pandas as pd

from altools.errors import UserError


def at_least_two(table: pd.DataFrame) -> None:
    """Refuse a comparison with nothing to compare.

    Raises:
        UserError: the table has no rows, as that of a single strategy.
    """
    if table.empty:
        raise UserError("A comparison needs at least two strategies, one of them the baseline. Got no pair.")


def only(table: pd.DataFrame, **wanted: str | int | None) -> pd.DataFrame:
    """Keep the rows with the wanted value in each named column.

    Args:
        table: any table.
        wanted: a value per column, or None where the table holds a single one anyway.

    Raises:
        UserError: several values and none was named, or no row has the named one.
    """
    for column, value in wanted.items():
        known = sorted(table[column].dropna().unique())
        listed = ", ".join(map(str, known))
        if value is None and len(known) > 1:
            raise UserError(f"A figure shows one {column}. Name one of: {listed}.")
        if value is not None and value not in known:
            raise UserError(f"{column} must be one of: {listed}. Got {value!r}.")
        table = table if value is None else table[table[column] == value]
    return table
