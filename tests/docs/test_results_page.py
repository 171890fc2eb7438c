"""docs/results.md explains every table with every column, every measure and every figure."""

import re
from pathlib import Path

import pandas as pd
import pytest

from altools.statistics import diagnostics, query_notes
from altools.steps import figures, statistics
from tests import tables

TEXT = (Path(__file__).parents[2] / "docs/results.md").read_text()
EXPLAINED = set(re.findall(r"`([^`]+)`", TEXT))
CURVES = tables.curves(("random", "margin"))
QUERIES = tables.queries(("random", "margin"))
NOTES = pd.DataFrame([{**dict.fromkeys(query_notes.COLUMNS, 0), "note": "tied_at_cut", "value": "1"}])
MADE = statistics.Queries(
    images=QUERIES,
    sizes=tables.query_sizes(QUERIES),
    notes=NOTES,
    pool=pd.DataFrame({"dataset": "digits", "label": range(10), "count": 40}),
)


def made(name):
    if name in statistics.QUERY_TABLES:
        return statistics.QUERY_TABLES[name](MADE)
    return statistics.TABLES[name](CURVES, tables.costs(CURVES))


@pytest.mark.parametrize("name", [*statistics.TABLES, *statistics.QUERY_TABLES])
def test_every_table_and_column_is_explained(name):
    assert name in EXPLAINED
    columns = {re.sub(r"^at_\d+$", "at_50", column) for column in made(name)}
    assert columns - EXPLAINED == set()


def test_every_measure_and_figure_is_explained():
    assert set(diagnostics.MEASURES) <= EXPLAINED
    assert set(figures.FIGURES) <= {name.rpartition("/")[2] for name in EXPLAINED}
