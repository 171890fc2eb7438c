"""When strategies do not differ, tests must say so: error rates by simulation."""

import numpy as np
import pandas as pd
import pytest

from altools.statistics import curves as curve_statistics
from altools.statistics import paired, penalty, savings

EXPERIMENTS = 600


def null(strategies, seeds, *, experiments=EXPERIMENTS, budgets=(100,), shift=0.0):
    """Independent experiments (as datasets) in which all strategies are the same, with strong seed effects."""
    rng = np.random.default_rng(5)
    shape = (experiments, len(strategies), seeds, len(budgets))
    luck = rng.normal(0, 0.05, size=(experiments, 1, seeds, 1))
    values = 0.7 + luck + rng.normal(0, 0.01, size=shape)
    values[:, 1:] += shift
    index = pd.MultiIndex.from_product(
        [range(experiments), strategies, range(seeds), budgets], names=["dataset", "strategy", "seed", "labels"]
    )
    table = pd.DataFrame({"value": values.ravel()}, index=index).reset_index()
    table = table.assign(setting="standard", metric="accuracy", round=table["labels"].rank(method="dense").astype(int))
    return table.sample(frac=1, random_state=2)[curve_statistics.COLUMNS]


def band(rate, n):
    """Four standard deviations of a proportion: a right test leaves it once in 16,000 runs."""
    return 4 * np.sqrt(rate * (1 - rate) / n)


@pytest.mark.parametrize("seeds", [3, 5])
def test_false_positives_come_at_the_stated_rate(seeds):
    p = paired.table(null(["random", "other"], seeds)).query("measure == 'value'")["p"]
    for alpha in (0.05, 0.1, 0.5):
        assert abs((p < alpha).mean() - alpha) < band(alpha, EXPERIMENTS)


def test_holm_keeps_the_rate_of_any_false_positive():
    found = paired.table(null(["random", "a", "b", "c", "d"], 4)).query("measure == 'value'")
    any_corrected = found.groupby("dataset")["p_holm"].min() < 0.05
    any_single = found.groupby("dataset")["p"].min() < 0.05
    assert any_corrected.mean() < 0.05 + band(0.05, EXPERIMENTS)
    assert any_single.mean() > 0.1  # without correction one in ten experiments has a false winner


def test_pairing_by_seed_finds_what_unpaired_noise_hides():
    found = paired.table(null(["random", "other"], 5, shift=0.02)).query("measure == 'value'")
    assert (found["p"] < 0.05).mean() > 0.5  # seeds vary by 0.05, pairs by 0.014


def test_t_intervals_cover_at_their_stated_rate():
    found = curve_statistics.intervals(null(["random"], 4), confidence=0.9)
    covered = ((found["low"] < 0.7) & (found["high"] > 0.7)).mean()
    assert abs(covered - 0.9) < band(0.9, EXPERIMENTS)


def test_penalty_under_the_null_is_half_alpha_per_dataset_and_direction():
    found = penalty.table(null(["random", "a"], 3), alpha=0.1)
    assert np.allclose(found["penalty"] / EXPERIMENTS, 0.05, atol=band(0.05, EXPERIMENTS))


def test_equal_strategies_save_nothing_within_the_interval_most_of_the_time():
    table = null(["random", "other"], 5, experiments=60, budgets=(100, 200, 300))
    table["value"] += 0.1 * table["labels"] / 300
    found = savings.table(table, targets=(0.95,))
    # Percentile bootstrap over 5 seeds is known to be narrow: it must not be absurd.
    assert ((found["saved_low"] <= 0) & (found["saved_high"] >= 0)).mean() > 0.75
