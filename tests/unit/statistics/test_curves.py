import numpy as np
import pandas as pd
import pytest
from scipy import stats

from altools.errors import UserError
from altools.statistics import curves as statistics
from tests import tables


def tiny(values, labels=(100, 300, 400), strategy="margin", seed=0, metric="accuracy"):
    return pd.DataFrame(
        {
            "dataset": "toy",
            "setting": "standard",
            "strategy": strategy,
            "seed": seed,
            "round": range(len(values)),
            "labels": list(labels)[: len(values)],
            "metric": metric,
            "value": values,
        }
    )


def test_the_area_weighs_each_step_by_its_number_of_labels():
    area = statistics.areas(tiny([0.5, 0.7, 0.9]))["area"].item()
    assert area == pytest.approx((200 * 0.6 + 100 * 0.8) / 300)


def test_a_constant_curve_has_its_own_height_as_area():
    assert statistics.areas(tiny([0.8, 0.8, 0.8]))["area"].item() == pytest.approx(0.8)


def test_row_order_is_irrelevant():
    table = tables.curves()
    shuffled = table.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(statistics.summary(table), statistics.summary(shuffled))
    pd.testing.assert_frame_equal(statistics.intervals(table), statistics.intervals(shuffled))


def test_t_interval_is_scipys():
    table = tables.curves(seeds=range(5))
    found = statistics.intervals(table, confidence=0.9)
    row = found[(found["strategy"] == "badge") & (found["labels"] == 300)].iloc[0]
    values = table.query("strategy == 'badge' and labels == 300")["value"]
    low, high = stats.t.interval(0.9, df=4, loc=values.mean(), scale=stats.sem(values))
    assert (row["low"], row["high"], row["n"], row["note"]) == (pytest.approx(low), pytest.approx(high), 5, "")


def test_bootstrap_interval_lies_within_the_values_and_repeats():
    table = tables.curves(seeds=range(6))
    found = statistics.intervals(table, kind="bootstrap")
    pd.testing.assert_frame_equal(found, statistics.intervals(table, kind="bootstrap"))
    extremes = table.groupby(["strategy", "labels"])["value"].agg(["min", "max"]).reset_index()
    both = found.merge(extremes, on=["strategy", "labels"])
    assert (both["low"] >= both["min"]).all() and (both["high"] <= both["max"]).all()
    assert (both["low"] <= both["mean"]).all() and (both["mean"] <= both["high"]).all()


@pytest.mark.parametrize("kind", ["t", "bootstrap"])
def test_one_seed_has_a_mean_and_says_it_has_no_interval(kind):
    found = statistics.intervals(tables.curves(seeds=[7]), kind=kind)
    assert found["low"].isna().all() and found["high"].isna().all() and found["mean"].notna().all()
    assert (found["note"] == "n = 1, no interval").all()


def test_values_that_are_not_finite_are_counted_and_named():
    table = tables.curves()
    table.loc[(table["strategy"] == "margin") & (table["seed"] == 1) & (table["labels"] == 300), "value"] = np.nan
    found = statistics.intervals(table).query("strategy == 'margin' and labels == 300").iloc[0]
    assert (found["n"], found["note"]) == (2, "1 of 3 values not finite")
    row = statistics.summary(table).query("strategy == 'margin'").iloc[0]
    assert (row["n"], row["note"]) == (2, "seed 1: no value at 300 labels")


def test_a_strategy_that_failed_in_one_seed_says_so():
    table = tables.curves()
    table = table[~((table["strategy"] == "margin") & (table["seed"] == 1))]
    found = statistics.intervals(table).query("strategy == 'margin'")
    assert (found["note"] == "no value for seed 1").all() and (found["n"] == 2).all()
    assert statistics.summary(table).query("strategy == 'margin'")["note"].item() == "no value for seed 1"
    assert (statistics.summary(table).query("strategy != 'margin'")["note"] == "").all()


def test_a_run_cut_short_has_no_area_but_stays_in_the_table():
    table = tables.curves(seeds=[0])
    table = table[~((table["strategy"] == "entropy") & (table["labels"] > 300))]
    row = statistics.summary(table).query("strategy == 'entropy'").iloc[0]
    assert np.isnan(row["area"])
    assert row["note"] == "n = 0, no value; seed 0: no value at 400, 500 labels"
    assert row["at_300"] > 0 and np.isnan(row["at_500"])


def test_a_summary_has_a_row_per_strategy_and_a_column_per_budget():
    found = statistics.summary(tables.curves(datasets=("a", "b"), settings=("standard", "simsiam")))
    assert len(found) == 2 * 2 * len(tables.SIX)
    assert [column for column in found if column.startswith("at_")] == [f"at_{n}" for n in (100, 200, 300, 400, 500)]
    assert found.groupby(["dataset", "setting"])["area"].apply(lambda area: area.is_monotonic_decreasing).all()
    assert "reference" not in set(found["strategy"]) and found["reference"].between(0.9, 1).all()


def test_without_reference_its_column_is_empty():
    assert statistics.summary(tables.curves(reference=None))["reference"].isna().all()


def test_an_unknown_metric_lists_the_known_ones():
    with pytest.raises(UserError, match=r"accuracy. Got 'acuracy'"):
        statistics.summary(tables.curves(), "acuracy")


def test_a_point_that_occurs_twice_is_refused():
    table = tables.curves()
    with pytest.raises(UserError, match="Got twice: dataset digits, setting standard, strategy random, seed 0"):
        statistics.intervals(pd.concat([table, table.head(1)]))
