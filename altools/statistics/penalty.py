r"""Pairwise penalty matrix: how often strategy i beats strategy j.

.. math:: P_{ij} = \sum_{\text{datasets}} \frac{1}{L} \sum_{l} \mathbb 1 [\, i \text{ beats } j \text{ at } l \,]

over the L numbers of labels l. i beats j when the two-sided paired t test over the seeds both have gives p < alpha
and i is better. The mean of column j says how often j is beaten: lower is better.

Reference: Ash et al., 2020, "Deep batch active learning by diverse, uncertain gradient lower bounds", section 4.2.
Differs: pairs by seed, not by position; L counts all budgets but the first, and one that is the whole training set:
there all strategies share a model (the paper takes a geometric series of sizes); alpha is stated with the matrix, and
is 0.05 (the paper writes 0.9 confidence but uses the critical value 2.776, which is 0.05 for its 5 runs). No
correction for the number of tests: a matrix of k strategies that do not differ has about alpha/2 times the number of
datasets in each cell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from altools.columns import REFERENCE
from altools.statistics.curves import WHERE, direction, join_notes
from altools.statistics.paired import between, measures


def table(curves: pd.DataFrame, metric: str = "accuracy", alpha: float = 0.05) -> pd.DataFrame:
    """Return the matrix of each setting as rows.

    Returns:
        Columns setting, metric, alpha, strategy (i), opponent (j), penalty (P_ij, at most ``datasets``), tests,
        untested, datasets, n (the most pairs of seeds in a test), note. Every ordered pair of different strategies that
        both ran in a setting has a row.
    """
    runs = measures(curves, metric)
    runs = runs[runs["measure"] == "value"]
    whole = curves[curves["strategy"] == REFERENCE].groupby(WHERE)["labels"].max().astype(float)
    labels, first = runs["labels"].astype(float), runs.groupby(WHERE)["labels"].transform("min")
    apart = runs[(labels > first) & (labels < runs[WHERE].join(whole, on=WHERE)["labels"].fillna(np.inf))]
    used = apart if len(apart) else runs
    columns = ["setting", "metric", "alpha", "strategy", "opponent", "penalty", "tests", "untested", "datasets"]
    columns += ["n", "note"]
    tested = between(used)
    if tested.empty:
        return pd.DataFrame(columns=columns)
    better = tested["difference"] * direction(metric)
    real = tested["p"] < alpha
    cells = tested[[*WHERE, "strategy", "opponent", "n", "note"]].assign(
        tests=tested["p"].notna(), untested=tested["p"].isna()
    )
    there = cells.assign(wins=real & (better > 0))
    back = cells.rename(columns={"strategy": "opponent", "opponent": "strategy"}).assign(wins=real & (better < 0))
    every = pd.concat([there, back], ignore_index=True)
    keys = ["setting", "strategy", "opponent"]
    per_dataset = every.groupby([*keys, "dataset"]).agg(
        penalty=("wins", "mean"), tests=("tests", "sum"), untested=("untested", "sum")
    )
    matrix = per_dataset.groupby(keys).agg({"penalty": "sum", "tests": "sum", "untested": "sum"})
    matrix["datasets"] = per_dataset.groupby(keys).size()
    matrix["n"] = every.groupby(keys)["n"].max()
    matrix["note"] = every.groupby(keys)["note"].agg(lambda notes: join_notes(*sorted(set(notes))))
    return matrix.reset_index().assign(metric=metric, alpha=alpha)[columns]


def column_means(penalties: pd.DataFrame) -> pd.DataFrame:
    """Return setting, strategy, beaten: the mean of each column of the matrix over its opponents, best first."""
    beaten = penalties.groupby(["setting", "opponent"])["penalty"].mean().rename("beaten").reset_index()
    beaten = beaten.rename(columns={"opponent": "strategy"})
    return beaten.sort_values(["setting", "beaten", "strategy"], ignore_index=True)
