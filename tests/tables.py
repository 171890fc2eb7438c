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
