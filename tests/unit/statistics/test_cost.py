import numpy as np
import pytest

from altools.errors import UserError
from altools.statistics import cost
from tests import tables


def test_seconds_add_up_over_rounds():
    curves = tables.curves(("random", "badge"), seeds=[0, 1])
    costs = tables.costs(curves)
    row = cost.against_time(curves, costs).query("strategy == 'badge' and labels == 300").iloc[0]
    spent = costs.query("strategy == 'badge' and labels <= 300").groupby("seed")[["query_s", "train_s"]].sum()
    assert row["query_s"] == pytest.approx(spent["query_s"].mean())
    assert row["total_s"] == pytest.approx(spent.sum(axis=1).mean())


def test_unknown_seconds_stay_unknown_from_there_on():
    curves = tables.curves(("random", "badge"))
    costs = tables.costs(curves)
    costs.loc[(costs["strategy"] == "badge") & (costs["round"] == 2), "query_s"] = np.nan
    found = cost.against_time(curves, costs).query("strategy == 'badge'")
    assert found["total_s"].isna().tolist() == [False, False, True, True, True]
    assert found["note"].tolist() == ["", "", *["seconds unknown"] * 3]
    assert "seconds of 3 of 12 queries unknown" in set(cost.totals(costs)["note"])


def test_a_strategy_without_costs_keeps_its_rows():
    curves = tables.curves(("random", "badge"))
    costs = tables.costs(curves).query("strategy == 'random'")
    found = cost.against_time(curves, costs).query("strategy == 'badge'")
    assert len(found) == 5 and (found["note"] == "seconds unknown").all()


def test_the_shared_first_round_counts_once():
    costs = tables.costs(tables.curves(seeds=range(2)))
    costs["train_s"] = 3600.0
    found = cost.totals(costs).set_index("strategy")
    assert found.loc["(shared round 0)", "train_h"] == 2
    assert (found.drop(index="(shared round 0)")["train_h"] == 8).all()
    assert found["total_h"].sum() == pytest.approx(2 + 6 * 8 + costs["query_s"].sum() / 3600)


def test_a_table_without_seconds_is_refused():
    with pytest.raises(UserError, match="Missing: query_s, train_s"):
        cost.totals(tables.curves())
