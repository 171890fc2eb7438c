"""Statistics against SciPy, statsmodels and scikit-posthocs, against scalar definitions, and published numbers."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from altools.statistics import curves as curve_statistics
from altools.statistics import detectable, gain, paired, penalty, ranks, savings, wins
from tests import tables


def wide(table, dataset, strategy, labels, metric="accuracy"):
    rows = table.query("dataset == @dataset and strategy == @strategy and labels == @labels and metric == @metric")
    return rows.set_index("seed")["value"].sort_index()


# --- paired tests


@pytest.mark.parametrize("seeds", [range(2), range(3), range(8)])
def test_paired_test_is_scipys_two_sided_one_by_seed_whatever_the_row_order(seeds):
    table = tables.curves(seeds=seeds).sample(frac=1, random_state=1)
    found = paired.table(table).query("measure == 'value' and labels > 100")
    for row in found.itertuples():
        own, base = wide(table, "digits", row.strategy, row.labels), wide(table, "digits", "random", row.labels)
        expected = stats.ttest_rel(own, base)
        interval = expected.confidence_interval(0.95)
        assert (row.n, row.df) == (len(seeds), len(seeds) - 1)
        assert (row.t, row.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
        assert (row.low, row.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_seeds_without_a_partner_are_left_out_of_the_pairs_and_named():
    table = tables.curves(seeds=range(5))
    table = table[~((table["strategy"] == "badge") & (table["seed"] == 0))]
    table = table[~((table["strategy"] == "random") & (table["seed"] == 3))]
    row = paired.table(table).query("strategy == 'badge' and labels == 300").iloc[0]
    own, base = wide(table, "digits", "badge", 300), wide(table, "digits", "random", 300)
    both = [1, 2, 4]
    assert row["p"] == pytest.approx(stats.ttest_rel(own[both], base[both]).pvalue)
    assert (row["n"], row["note"]) == (3, "seed 0, 3 without a partner")


def test_holm_in_its_step_down_definition_and_statsmodels():
    found = paired.table(tables.curves(seeds=range(4), effect=0.2))
    for _, family in found.dropna(subset="p").groupby(["dataset", "setting", "measure"]):
        corrected = multipletests(family["p"], method="holm")[1]
        assert family["p_holm"].tolist() == pytest.approx(corrected.tolist())
        ordered = family.sort_values("p")
        running = 0.0
        for place, row in enumerate(ordered.itertuples()):
            running = max(running, min(1.0, (len(ordered) - place) * row.p))
            assert row.p_holm == pytest.approx(running)


# --- published numbers: eval-al, CIFAR-10, ResNet-18, accuracy in % after 3 trials: mean and population deviation

LABELS = (1000, 3000, 5000, 9000, 15000, 25000)
RANDOM = ((46.98, 0.55), (65.02, 3.51), (76.54, 3.37), (85.70, 0.91), (89.62, 0.29), (92.09, 0.22))
ENTROPY = ((46.98, 0.55), (66.74, 1.20), (79.59, 0.54), (88.52, 0.39), (93.00, 0.34), (94.57, 0.21))
BADGE = ((46.98, 0.55), (66.87, 1.07), (79.17, 0.64), (88.79, 0.54), (92.70, 0.31), (94.10, 0.21))


def trials(published, strategy, order):
    """Three trials with the published mean and population deviation; only their order over the seeds is free."""
    rows = []
    for round_, (labels, (mean, deviation)) in enumerate(zip(LABELS, published, strict=True)):
        for seed, place in enumerate(order):
            value = (mean + place * deviation * math.sqrt(1.5)) / 100
            rows.append(("cifar10", "standard", strategy, seed, round_, labels, "accuracy", value))
    return pd.DataFrame(rows, columns=curve_statistics.COLUMNS)


@pytest.mark.parametrize("published", [RANDOM, ENTROPY, BADGE])
def test_intervals_of_published_means_and_deviations(published):
    found = curve_statistics.intervals(trials(published, "any", (-1, 0, 1)))
    for row, (mean, deviation) in zip(found.itertuples(), published, strict=True):
        # t_{2, .975} = 4.303 from the table; the published deviation divides by n, hence sqrt(n - 1) = sqrt(2).
        half = 4.3027 * deviation / math.sqrt(2)
        assert 100 * row.mean == pytest.approx(mean)
        assert 100 * (row.high - row.low) / 2 == pytest.approx(half, rel=1e-4)


def test_area_of_a_published_curve_on_the_label_axis():
    steps = [(b - a) * (x[0] + y[0]) / 2 for a, b, x, y in zip(LABELS, LABELS[1:], RANDOM, RANDOM[1:], strict=False)]
    area = curve_statistics.summary(trials(RANDOM, "random", (-1, 0, 1)))["area"].item()
    assert 100 * area == pytest.approx(sum(steps) / 24000)
    assert 100 * area == pytest.approx(83.856, abs=0.001)  # worked by hand; on the round axis it would be 77.28


def test_a_difference_between_the_one_tailed_and_the_two_tailed_critical_value_is_a_tie():
    """At 9,000 labels t is 3.07 for one pairing: above 2.920 (one-tailed, as eval-al took it), below 4.303."""
    table = pd.concat([trials(RANDOM, "random", (-1, 0, 1)), trials(ENTROPY, "entropy", (1, 0, -1))])
    found = paired.table(table)
    row = found.query("labels == 9000").iloc[0]
    assert row["t"] == pytest.approx(3.07, abs=0.01) and 0.05 < row["p"] < 0.1
    matrix = penalty.table(table).set_index(["strategy", "opponent"])["penalty"]
    assert matrix["entropy", "random"] == pytest.approx(2 / 5)  # at 15,000 and 25,000 only
    assert matrix["random", "entropy"] == 0
    single = wins.table(found, corrected=False).query("measure == 'value'").iloc[0]
    assert tuple(single[["wins", "ties", "losses", "untested"]]) == (2, 4, 0, 0)


def test_the_same_trials_paired_otherwise_give_another_p_value():
    along = pd.concat([trials(RANDOM, "random", (-1, 0, 1)), trials(ENTROPY, "entropy", (-1, 0, 1))])
    row = paired.table(along).query("labels == 9000").iloc[0]
    assert row["t"] == pytest.approx(7.67, abs=0.01) and row["p"] < 0.02


def test_label_savings_of_the_published_curves():
    table = pd.concat([trials(RANDOM, "random", (-1, 0, 1)), trials(ENTROPY, "entropy", (-1, 0, 1))])
    row = savings.table(table).query("target == 1").iloc[0]
    by_hand = 9000 + 6000 * (92.09 - 88.52) / (93.00 - 88.52)
    assert row["labels"] == pytest.approx(by_hand) and row["baseline_labels"] == pytest.approx(25000)
    assert row["saved"] == pytest.approx(1 - by_hand / 25000)


# --- penalty matrix


def test_penalty_matrix_in_its_definition():
    table = tables.curves(datasets=("a", "b"), seeds=range(4), effect=0.4)
    found = penalty.table(table, alpha=0.1).set_index(["strategy", "opponent"])
    for one, other in product(tables.SIX, tables.SIX):
        if one == other:
            continue
        expected = 0.0
        for dataset in ("a", "b"):
            for labels in (200, 300, 400, 500):
                own, opponent = wide(table, dataset, one, labels), wide(table, dataset, other, labels)
                test = stats.ttest_rel(own, opponent)
                expected += (test.pvalue < 0.1 and own.mean() > opponent.mean()) / 4
        assert found.loc[(one, other), "penalty"] == pytest.approx(expected)
        assert found.loc[(one, other), "datasets"] == 2


def test_a_last_budget_of_everything_is_no_contest():
    """There every strategy has the reference model, so nobody can win."""
    table = tables.curves(seeds=range(4), effect=0.4, reference=500)
    without = table[(table["labels"] < 500) | (table["strategy"] == "reference")]
    pd.testing.assert_frame_equal(penalty.table(table), penalty.table(without))


def test_strategies_that_did_not_run_in_a_setting_do_not_dilute_its_means():
    curves = tables.curves(settings=("standard", "simsiam"))
    part = curves[(curves["setting"] == "standard") | curves["strategy"].isin(["random", "badge"])]
    own = penalty.table(part[part["setting"] == "simsiam"])
    both = penalty.table(part).query("setting == 'simsiam'").reset_index(drop=True)
    pd.testing.assert_frame_equal(both, own)
    beaten = penalty.column_means(both).set_index("strategy")["beaten"]
    assert set(beaten.index) == {"random", "badge"} and beaten["random"] == 1


def test_lower_is_better_metrics_turn_the_winner_round():
    table = tables.curves(("random", "margin"), seeds=range(5), metrics=("log_loss",))
    matrix = penalty.table(table, "log_loss").set_index(["strategy", "opponent"])["penalty"]
    assert matrix["margin", "random"] > 0.5 and matrix["random", "margin"] == 0
    counts = wins.table(paired.table(table, "log_loss")).query("measure == 'area'").iloc[0]
    assert counts["wins"] == 1 and counts["losses"] == 0
    assert ranks.table(table, "log_loss").iloc[0]["strategy"] == "margin"
    assert curve_statistics.summary(table, "log_loss").iloc[0]["strategy"] == "margin"


# --- ranks


def test_mean_ranks_and_friedman_are_scipys():
    table = tables.curves(datasets=tuple("abcde"), effect=0.1)
    heights = curve_statistics.summary(table).pivot(index="dataset", columns="strategy", values="area")
    expected = pd.Series(stats.rankdata(-heights.to_numpy(), axis=1).mean(axis=0), index=heights.columns)
    found = ranks.table(table).set_index("strategy")
    pd.testing.assert_series_equal(found["mean_rank"].sort_index(), expected, check_names=False)
    test = stats.friedmanchisquare(*heights.to_numpy().T)
    assert (found["chi2"].iloc[0], found["p"].iloc[0]) == (pytest.approx(test.statistic), pytest.approx(test.pvalue))


def test_critical_differences_of_demsar():
    """Section 3.2.2 of Demsar (2006): 4 classifiers, 14 data sets, q = 2.569 (2.291 at alpha .1)."""
    assert ranks.critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert ranks.critical_difference(4, 14, alpha=0.10) == pytest.approx(1.12, abs=0.005)


def test_the_groups_are_the_pairs_that_nemenyis_test_cannot_tell_apart():
    table = tables.curves(datasets=tuple("abcdefgh"), effect=0.3)
    p = ranks.pairs(table).set_index(["strategy", "opponent"])["p"]
    alike = {frozenset(pair) for pair, value in p.items() if value > 0.05}
    groups = ranks.groups(ranks.table(table))
    assert {frozenset((a, b)) for group in groups for a in group for b in group if a != b} == alike
    assert 0 < len(alike) < 15


# --- savings and gain


def test_crossing_in_its_scalar_definition():
    rng = np.random.default_rng(0)
    budgets = np.array([10.0, 20.0, 50.0, 60.0])
    curves = rng.uniform(size=(200, 4))
    heights = rng.uniform(size=200)
    found = savings.crossing(budgets, curves, heights)
    for curve, height, answer in zip(curves, heights, found, strict=True):
        dense = np.linspace(10, 60, 50001)
        reached = np.flatnonzero(np.interp(dense, budgets, curve) >= height)
        assert answer == (pytest.approx(dense[reached[0]], abs=2e-3) if len(reached) else math.inf)


def test_gain_is_between_baseline_and_reference():
    table = tables.curves(seeds=range(3))
    row = gain.table(table).query("strategy == 'badge' and labels == 400").iloc[0]
    own, base = wide(table, "digits", "badge", 400).mean(), wide(table, "digits", "random", 400).mean()
    top = wide(table, "digits", "reference", 1400).mean()
    assert row["share"] == pytest.approx((own - base) / (top - base))
    assert row["low"] <= row["share"] <= row["high"]


# --- what the seeds can show


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_detectable_difference_is_that_of_statsmodels(seeds):
    from statsmodels.stats.power import TTestPower

    table = tables.curves(("random", "margin"), seeds=range(seeds))
    row = detectable.table(table).query("labels == 300").iloc[0]
    difference = wide(table, "digits", "margin", 300) - wide(table, "digits", "random", 300)
    effect = TTestPower().solve_power(nobs=seeds, alpha=0.05, power=0.8, alternative="two-sided")
    assert row["sd"] == pytest.approx(difference.std(ddof=1))
    assert row["detectable"] == pytest.approx(effect * row["sd"], rel=1e-4)
    edge = stats.ttest_1samp(difference - difference.mean() + row["smallest_significant"], 0)
    assert edge.pvalue == pytest.approx(0.05)
