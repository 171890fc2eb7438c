"""Synthetic result tables for the tests of statistics, figures and report."""

import numpy as np
import pandas as pd

# Labels that a strategy gets for one label of random: its efficiency.
EFFICIENCY = {
    "random": 1.0,
    "margin": 1.9,
    "entropy": 1.6,
    "least_confidence": 1.55,
    "bald": 1.5,
    "batchbald": 1.35,
    "badge": 2.0,
    "coreset": 1.25,
    "kmeans": 1.1,
    "cluster_margin": 1.8,
    "facility_location": 1.15,
    "fass": 1.45,
    "similar": 1.3,
    "glister": 0.95,
    "adversarial_bim": 1.4,
    "adversarial_deepfool": 1.7,
}
SIX = ("random", "margin", "entropy", "badge", "coreset", "kmeans")


def curves(
    strategies=SIX,
    *,
    seeds=(0, 1, 2),
    budgets=(100, 200, 300, 400, 500),
    datasets=("digits",),
    settings=("standard",),
    metrics=("accuracy",),
    noise=0.006,
    effect=1.0,
    reference=1400,
    random_state=0,
):
    """Accuracy rises with (efficiency x labels); strategies share initial labels, hence round 0 and a seed effect."""
    rng = np.random.default_rng(random_state)
    rows = []
    for place, (dataset, setting) in enumerate((d, s) for d in datasets for s in settings):
        hard = 0.62 + 0.08 * place
        for metric in metrics:
            for seed in seeds:
                luck = rng.normal(0, 2 * noise)
                first = rng.normal(0, noise)
                for strategy in strategies:
                    better = 1 + effect * (EFFICIENCY.get(strategy, 1.0) - 1)
                    for round_, labels in enumerate(budgets):
                        useful = budgets[0] + better * (labels - budgets[0])
                        height = 0.97 - hard * (useful / 40) ** -0.75
                        error = first if round_ == 0 else rng.normal(0, noise)
                        value = min(1.0, height + luck / (1 + round_) + error)
                        value = {"log_loss": -2 * np.log(max(value, 0.05)), "ece": 0.3 * (1 - value)}.get(metric, value)
                        rows.append((dataset, setting, strategy, seed, round_, labels, metric, value))
                if reference:
                    value = 0.965 + rng.normal(0, noise / 3)
                    value = {"log_loss": -2 * np.log(value), "ece": 0.3 * (1 - value)}.get(metric, value)
                    rows.append((dataset, setting, "reference", seed, -1, reference, metric, value))
    return pd.DataFrame(rows, columns=["dataset", "setting", "strategy", "seed", "round", "labels", "metric", "value"])


def queries(strategies=SIX, *, seeds=(0, 1, 2), rounds=(1, 2, 3, 4), budget=20, pool=400, classes=10, random_state=0):
    """Queries of a round from a pool of ``pool`` images; all but random prefer some classes, and so overlap."""
    rng = np.random.default_rng(random_state)
    labels = np.arange(pool) % classes
    rows = []
    for seed in seeds:
        for strategy in strategies:
            taste = 0.0 if strategy == "random" else EFFICIENCY.get(strategy, 1.5) - 0.9
            free = np.arange(pool)
            for round_ in rounds:
                score = (
                    taste * 3 * np.sin(free * 12.9898 + seed)
                    + 2 * taste * (labels[free] == 3)
                    + rng.gumbel(size=len(free))
                )
                order = np.argsort(-score)[:budget]
                for place, position in enumerate(order):
                    index = int(free[position])
                    rows.append(("digits", "standard", strategy, seed, round_, budget * (round_ + 1), index, place))
                    rows[-1] += (float(score[position]), int(labels[index]))
                free = np.delete(free, order)
    names = ["dataset", "setting", "strategy", "seed", "round", "labels", "index", "order", "score", "label"]
    return pd.DataFrame(rows, columns=names)


def query_sizes(queries_table, *, pool=400, random_state=0):
    """Sizes and spread of every query of ``queries_table``."""
    rng = np.random.default_rng(random_state)
    keys = ["dataset", "setting", "strategy", "seed", "round", "labels"]
    rows = queries_table.groupby(keys).size().rename("budget").reset_index()
    return rows.assign(
        pool=pool - rows["budget"] * (rows["round"] - 1),
        mean_distance=rng.uniform(0.8, 1.2, len(rows)),
        coverage_radius=rng.uniform(0.5, 2, len(rows)),
        mean_coverage=rng.uniform(0.2, 0.5, len(rows)),
        duplicates=rng.uniform(0, 0.3, len(rows)),
    )


def costs(curves_table, *, random_state=0):
    """Seconds and memory of every round of ``curves_table``; coreset and badge are slow, memory is unknown on a CPU."""
    rng = np.random.default_rng(random_state)
    table = curves_table[["dataset", "setting", "strategy", "seed", "round", "labels"]].drop_duplicates()
    table = table[table["strategy"] != "reference"]
    slow = table["strategy"].map({"badge": 6.0, "coreset": 3.0, "random": 0.02}).fillna(0.5)
    query = slow * (1 + rng.uniform(0, 0.2, len(table)))
    return table.assign(
        query_s=query.where(table["round"] > 0, 0.0),
        train_s=table["labels"] * 0.02 * (1 + rng.uniform(0, 0.1, len(table))),
        query_peak_mb=np.nan,
        train_peak_mb=300 + table["labels"] * 0.1,
    )
