"""What cannot be computed is said, not dropped: one seed, a failed run, two strategies, NaN, no baseline."""

import numpy as np
import pandas as pd
import pytest

from altools.errors import UserError
from altools.statistics import detectable, gain, paired, penalty, ranks, savings, wins
from tests import tables

TABLES = [paired.table, penalty.table, ranks.table, ranks.per_dataset, ranks.pairs, savings.table, gain.table]
TABLES += [detectable.table]


def name(function):
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


CASES = {
    "one_seed": lambda: tables.curves(seeds=[4]),
    "two_strategies": lambda: tables.curves(("random", "margin")),
    "one_strategy": lambda: tables.curves(("random",)),
    "no_baseline": lambda: tables.curves(("entropy", "margin", "badge")),
    "no_reference": lambda: tables.curves(reference=None),
    "one_budget": lambda: tables.curves(budgets=(100,)),
    "all_nan": lambda: tables.curves().assign(value=np.nan),
    "constant": lambda: tables.curves().assign(value=0.5),
    "failed_seed": lambda: tables.curves(datasets=("a", "b")).query("strategy != 'badge' or seed != 1"),
    "failed_everywhere": lambda: tables.curves(datasets=("a", "b")).query("strategy != 'badge' or dataset != 'a'"),
    "cut_short": lambda: tables.curves().query("strategy != 'badge' or labels < 300"),
    "disjoint_seeds": lambda: tables.curves(seeds=range(4)).query("(strategy == 'random') == (seed > 1)"),
}


@pytest.mark.parametrize("table", TABLES, ids=name)
@pytest.mark.parametrize("case", CASES)
def test_nothing_crashes_and_nothing_is_dropped(case, table):
    curves = CASES[case]()
    found = table(curves)
    strategies = set(curves["strategy"]) - {"reference"}
    if case == "one_strategy" and table in (paired.table, savings.table, gain.table, penalty.table, ranks.pairs):
        assert found.empty
    elif "strategy" in found and table is not ranks.per_dataset:
        assert set(found["strategy"]) | {"random"} == strategies | {"random"}
    keys = ["dataset", "setting", "measure", "labels", "strategy", "opponent", "target"]
    assert not found.duplicated([key for key in keys if key in found]).any()
    if table is paired.table:
        wins.table(found)


@pytest.mark.parametrize(
    ("case", "table", "note"),
    [
        ("one_seed", paired.table, "n = 1, no interval"),
        ("one_seed", penalty.table, "n = 1, no interval"),
        ("one_seed", savings.table, "n = 1, no interval"),
        ("one_seed", gain.table, "n = 1, no interval"),
        ("one_seed", detectable.table, "n = 1, nothing can be tested"),
        ("two_strategies", ranks.table, "2 strategies: the Friedman test needs 3"),
        ("two_strategies", ranks.table, "1 dataset: no test"),
        ("no_baseline", paired.table, "no value of random in this dataset and setting"),
        ("no_baseline", savings.table, "no value of random in this dataset and setting"),
        ("no_baseline", gain.table, "no value of random"),
        ("no_reference", gain.table, "no reference model"),
        ("all_nan", paired.table, "no value of random in this dataset and setting"),
        ("constant", paired.table, "the differences do not vary: no test"),
        ("constant", detectable.table, "the differences do not vary"),
        ("constant", gain.table, "the reference model is not better than the baseline"),
        ("failed_seed", paired.table, "seed 1 without a partner"),
        ("failed_seed", savings.table, "seed 1 not in both or not complete"),
        ("failed_seed", gain.table, "seed 1 not in all three"),
        ("failed_seed", detectable.table, "fewer seeds: badge"),
        ("failed_everywhere", ranks.table, "dataset a left out: no area for badge"),
        ("cut_short", savings.table, "n = 0, no value"),
        ("cut_short", paired.table, "n = 0, no pair"),
        ("disjoint_seeds", paired.table, "n = 0, no pair; seed 0, 1, 2, 3 without a partner"),
    ],
    ids=lambda value: name(value) if callable(value) else value,
)
def test_the_note_says_what_is_missing(case, table, note):
    assert table(CASES[case]())["note"].str.contains(note, regex=False).any()


def test_a_p_value_is_never_invented():
    for case in ("one_seed", "no_baseline", "all_nan", "constant", "disjoint_seeds"):
        found = paired.table(CASES[case]())
        assert found["p"].isna().all() and found["p_holm"].isna().all() and (found["note"] != "").all()


def test_untested_pairs_are_counted_apart_from_ties():
    counts = wins.table(paired.table(CASES["one_seed"]()))
    assert (counts["untested"] > 0).all() and (counts[["wins", "ties", "losses"]] == 0).all(axis=None)


def test_savings_that_are_not_reached_say_how_far_the_budgets_went():
    curves = tables.curves(("random", "glister"), effect=8)
    row = savings.table(curves).query("target == 1").iloc[0]
    assert np.isnan(row["labels"]) and np.isnan(row["saved"]) and row["labels_high"] == np.inf
    assert row["note"] == "not reached with 500 labels"


def test_savings_of_a_loss_are_refused():
    with pytest.raises(UserError, match="better when higher. Got 'log_loss'"):
        savings.table(tables.curves(metrics=("log_loss",)), "log_loss")


def test_more_seeds_detect_smaller_differences():
    few, many = (detectable.table(tables.curves(seeds=range(n))).query("measure == 'area'").iloc[0] for n in (3, 9))
    assert many["smallest_significant"] < few["smallest_significant"] < few["detectable"]


def test_ties_share_their_rank():
    curves = tables.curves(("random", "margin"), datasets=("a", "b"), effect=0, noise=0)
    assert (ranks.table(curves)["mean_rank"] == 1.5).all()


def test_rank_groups_without_a_test_are_none():
    assert ranks.groups(ranks.table(tables.curves())) == []


def test_penalties_stay_between_zero_and_the_number_of_datasets():
    found = penalty.table(tables.curves(datasets=tuple("abc"), settings=("standard", "simsiam"), seeds=range(4)))
    assert found["penalty"].between(0, found["datasets"]).all()
    both = found.merge(found, left_on=["setting", "strategy", "opponent"], right_on=["setting", "opponent", "strategy"])
    assert (both["penalty_x"] + both["penalty_y"] <= both["datasets_x"]).all()
    assert set(penalty.column_means(found)["strategy"]) == set(tables.SIX)


def test_row_order_does_not_matter_to_any_table():
    curves = tables.curves(datasets=("a", "b", "c"), settings=("standard", "simsiam"))
    shuffled = curves.sample(frac=1, random_state=0)
    for table in TABLES:
        pd.testing.assert_frame_equal(table(curves), table(shuffled))
