r"""Rank strategies over datasets: mean ranks, the Friedman test and Nemenyi's critical difference.

.. math:: \mathrm{CD} = q_\alpha \sqrt{\frac{k (k + 1)}{6 N}}

k strategies on N datasets; two mean ranks differ when they are more than CD apart. A dataset is one block: it is
ranked by the mean area over its seeds, because seeds of one dataset are not independent datasets.

Reference: Demsar, 2006, "Statistical comparisons of classifiers over multiple data sets", section 3.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from altools.statistics.curves import areas, direction, join_notes, several


def table(curves: pd.DataFrame, metric: str = "accuracy", alpha: float = 0.05) -> pd.DataFrame:
    """Return the mean rank of each strategy in each setting, rank 1 the best.

    A dataset on which a strategy has no area at all cannot be ranked and is left out; the note names it.

    Returns:
        Columns setting, metric, strategy, mean_rank, datasets, chi2, p, critical_difference, alpha, note; p is
        Friedman's, the same in all rows of a setting.
    """
    found = []
    for setting, heights in _heights(curves, metric).items():
        complete = heights.dropna()
        left_out = [
            f"dataset {name} left out: no area for {several(row.index[row.isna()])}"
            for name, row in heights[heights.isna().any(axis=1)].iterrows()
        ]
        datasets, strategies = complete.shape
        chi2, p = _friedman(complete)
        difference = critical_difference(strategies, datasets, alpha) if np.isfinite(p) else np.nan
        note = join_notes(
            *left_out,
            "" if datasets > 1 else f"{datasets} dataset{'s' * (datasets != 1)}: no test",
            "" if strategies > 2 else f"{strategies} strategies: the Friedman test needs 3, see the paired test",
            "all ranks are equal: no test" if datasets > 1 and strategies > 2 and not np.isfinite(p) else "",
        )
        ranks = (-direction(metric) * complete).rank(axis=1).mean()
        rows = pd.DataFrame({"strategy": heights.columns, "mean_rank": ranks.reindex(heights.columns).to_numpy()})
        found.append(
            rows.assign(
                setting=setting, datasets=datasets, chi2=chi2, p=p, critical_difference=difference, note=note
            ).sort_values(["mean_rank", "strategy"])
        )
    columns = ["setting", "metric", "strategy", "mean_rank", "datasets", "chi2", "p", "critical_difference", "alpha"]
    return pd.concat(found, ignore_index=True).assign(metric=metric, alpha=alpha)[[*columns, "note"]]


def per_dataset(curves: pd.DataFrame, metric: str = "accuracy") -> pd.DataFrame:
    """Return setting, dataset, strategy, area (mean over seeds), rank (missing where there is no area)."""
    found = []
    for setting, heights in _heights(curves, metric).items():
        ranks = (-direction(metric) * heights).rank(axis=1)
        long = pd.DataFrame({"area": heights.stack(), "rank": ranks.stack()}).reset_index()
        found.append(long.assign(setting=setting))
    return pd.concat(found, ignore_index=True)[["setting", "dataset", "strategy", "area", "rank"]]


def critical_difference(strategies: int, datasets: int, alpha: float = 0.05) -> float:
    """Return Nemenyi's critical difference of mean ranks."""
    from scipy import stats

    quantile = stats.studentized_range.ppf(1 - alpha, strategies, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(strategies * (strategies + 1) / (6 * datasets)))


def pairs(curves: pd.DataFrame, metric: str = "accuracy") -> pd.DataFrame:
    """Return Nemenyi's p value of each pair: setting, strategy, opponent, p (NaN where there is no test)."""
    import scikit_posthocs

    found = []
    for setting, heights in _heights(curves, metric).items():
        complete = heights.dropna()
        testable = np.isfinite(_friedman(complete)[1])
        names = heights.columns.rename("strategy")
        p = (
            scikit_posthocs.posthoc_nemenyi_friedman(complete.to_numpy()).to_numpy()
            if testable
            else np.full((len(names), len(names)), np.nan)
        )
        square: Any = pd.DataFrame(p, index=names, columns=names.rename("opponent"))
        long = square.stack().rename("p").reset_index()
        found.append(long[long["strategy"] != long["opponent"]].assign(setting=setting))
    return pd.concat(found, ignore_index=True)[["setting", "strategy", "opponent", "p"]]


def groups(ranked: pd.DataFrame) -> list[list[str]]:
    """Return the largest groups of neighbours in rank that the critical difference cannot tell apart.

    Args:
        ranked: the rows of one setting of `table`.
    """
    rows = ranked.dropna(subset=["mean_rank"]).sort_values(["mean_rank", "strategy"])
    rank, names = rows["mean_rank"].to_numpy(), rows["strategy"].tolist()
    difference = ranked["critical_difference"].iloc[0]
    if not np.isfinite(difference):
        return []
    ends = np.searchsorted(rank, rank + difference, side="right")
    spans = [(start, end) for start, end in enumerate(ends) if end - start > 1]
    largest = [span for place, span in enumerate(spans) if place == 0 or span[1] > spans[place - 1][1]]
    return [names[start:end] for start, end in largest]


def _heights(curves: pd.DataFrame, metric: str) -> dict[str, pd.DataFrame]:
    """Return for each setting the mean area over seeds, a row per dataset and a column per strategy."""
    runs = areas(curves, metric)
    return {
        str(setting): group.pivot_table(
            index="dataset", columns="strategy", values="area", aggfunc="mean", dropna=False
        )
        for setting, group in runs.groupby("setting", sort=True)
    }


def _friedman(heights: pd.DataFrame) -> tuple[float, float]:
    from scipy import stats

    if len(heights) < 2 or heights.shape[1] < 3 or (heights.nunique(axis=1) == 1).all():
        return np.nan, np.nan
    found = stats.friedmanchisquare(*heights.to_numpy().T)
    return float(found.statistic), float(found.pvalue)
