"""Step: the summary table of all datasets."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from altools import storage
from altools.statistics.curves import summary as summarise
from altools.steps.job import provenance


def summary(*, curves: Sequence[str], table: str, csv: str, code: str) -> None:
    """Write the area under each curve and the accuracy at each budget, as parquet and as csv for reading."""
    rows = pd.concat([summarise(storage.read_table(file)) for file in curves], ignore_index=True)
    storage.write_table(table, rows, provenance(code))
    with storage.atomic(csv) as temporary:
        rows.round(4).to_csv(temporary, index=False)
