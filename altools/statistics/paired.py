r"""Compare strategies run by run: two-sided paired t tests, paired by seed, with Holm's correction.

.. math:: d_k = y_k(\text{strategy}) - y_k(\text{baseline}), \qquad
   t = \frac{\bar d \sqrt n}{s_d}, \qquad p = 2 \, P(T_{n-1} > |t|)

over the n seeds k that both have, s_d with n - 1 degrees of freedom. Runs with the same seed share their initial
labels and first model, so pairing by seed removes that part of the noise; pairing by row order would not.

The family of Holm's correction is one dataset, setting and measure: the areas of all strategies (one test each),
and separately all strategies at all budgets.

References: Student, 1908; Holm, 1979, "A simple sequentially rejective multiple test procedure".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from altools.columns import REFERENCE
from altools.statistics.curves import WHERE, areas, few, join_notes, of_metric, several

BASELINE = "random"
PLACE = [*WHERE, "measure", "labels"]  # what is compared: the area (labels missing), or the value at a budget


def measures(curves: pd.DataFrame, metric: str = "accuracy") -> pd.DataFrame:
    """Return the numbers that runs are compared by: their area, and their value at each budget.

    Returns:
        Columns dataset, setting, measure (``area`` or ``value``), labels (missing for the area), strategy, seed,
        value (NaN where it is not finite).
    """
    rows = of_metric(curves, metric)
    points = rows[rows["strategy"] != REFERENCE].assign(measure="value")
    area = areas(curves, metric).rename(columns={"area": "value"}).assign(measure="area", labels=np.nan)
    both = pd.concat([area.astype({"labels": "Int64"}), points.astype({"labels": "Int64"})], ignore_index=True)
    both["value"] = both["value"].where(np.isfinite(both["value"]))
    return both[[*PLACE, "strategy", "seed", "value"]]


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The same numbers as an array in which pairs stand side by side; NaN where there is no run."""

    places: pd.DataFrame  # a row per place: dataset, setting, measure, labels
    seeds: NDArray[np.int64]
    strategies: list[str]
    values: NDArray[np.float64]  # (seeds, places, strategies)

    def of(self, strategy: str) -> NDArray[np.float64]:
        """Return the values of one strategy (seeds, places), NaN where it has no run."""
        if strategy not in self.strategies:
            return np.full(self.values.shape[:2], np.nan)
        return self.values[:, :, self.strategies.index(strategy)]


def by_seed(runs: pd.DataFrame) -> Runs:
    """Align the runs of `measures` by seed."""
    places = runs[PLACE].drop_duplicates().sort_values(PLACE, ignore_index=True)
    place = runs[PLACE].merge(places.assign(code=places.index), on=PLACE, how="left")["code"].to_numpy()
    seeds, seed = np.unique(runs["seed"].to_numpy(), return_inverse=True)
    strategies, strategy = np.unique(runs["strategy"].to_numpy(dtype=str), return_inverse=True)
    values = np.full((len(seeds), len(places), len(strategies)), np.nan)
    values[seed, place, strategy] = runs["value"]
    return Runs(places=places, seeds=seeds, strategies=strategies.tolist(), values=values)


def table(
    curves: pd.DataFrame, metric: str = "accuracy", baseline: str = BASELINE, confidence: float = 0.95
) -> pd.DataFrame:
    """Test every strategy against the baseline, at every budget and by the area under the curve.

    Returns:
        Columns dataset, setting, measure, labels, strategy, baseline, metric, n (pairs), difference (strategy minus
        baseline), low, high (uncorrected t interval), t, df, p, p_holm, note. A pair that cannot be tested keeps
        its row, without p.
    """
    long = measures(curves, metric)
    runs = by_seed(long)
    others = [name for name in runs.strategies if name != baseline]
    base = runs.of(baseline)
    own = np.stack([runs.of(name) for name in others], axis=2) if others else runs.values[:, :, :0]
    differences = own - base[:, :, None]
    tested = t_tests(differences.reshape(len(runs.seeds), -1), confidence)
    rows = runs.places.merge(pd.DataFrame({"strategy": others}, dtype="str"), how="cross")
    rows = pd.concat([rows, tested], axis=1)
    rows["note"] = [join_notes(*notes) for notes in zip(rows["note"], _unpaired(runs.seeds, own, base), strict=True)]
    alone = np.repeat(np.isnan(base).all(axis=0), len(others))
    rows.loc[alone, "note"] = f"no value of {baseline} in this dataset and setting"
    rows = only_present(rows, long)
    rows = rows.assign(baseline=baseline, metric=metric, p_holm=holm(rows["p"], rows[[*WHERE, "measure"]]))
    columns = [*PLACE, "strategy", "baseline", "metric", "n", "difference", "low", "high", "t", "df", "p", "p_holm"]
    return rows[[*columns, "note"]].sort_values([*PLACE, "strategy"], ignore_index=True)


def between(runs: pd.DataFrame) -> pd.DataFrame:
    """Test every pair of strategies at every place, one test each, uncorrected.

    Args:
        runs: the table of `measures`.

    Returns:
        The columns of `PLACE`, strategy, opponent (later in the alphabet), and those of `t_tests`. Empty when there
        is one strategy only; pairs of which one was not run at a place have no row there.
    """
    aligned = by_seed(runs)
    pairs = list(combinations(aligned.strategies, 2))
    cells = aligned.places.merge(pd.DataFrame(pairs, columns=["strategy", "opponent"], dtype="str"), how="cross")
    one, other = (
        np.stack([aligned.of(pair[side]) for pair in pairs], axis=2) if pairs else aligned.values[:, :, :0]
        for side in (0, 1)
    )
    tested = pd.concat([cells, t_tests((one - other).reshape(len(aligned.seeds), -1))], axis=1)
    return only_present(only_present(tested, runs, "strategy"), runs, "opponent")


def t_tests(differences: NDArray[np.float64], confidence: float = 0.95) -> pd.DataFrame:
    """Test each column of differences (a row per pair, NaN where there is no pair) against zero, two-sided.

    Differences that do not vary have no t: a p value of 0 from two equal differences of a coarse metric would be
    a false certainty.

    Returns:
        A row per column: n, difference, sd, low, high, t, df, p, note.
    """
    from scipy import stats

    n = (~np.isnan(differences)).sum(axis=0)
    filled = np.nan_to_num(differences)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, filled.sum(axis=0) / n, np.nan)
        squares = np.where(np.isnan(differences), 0.0, (filled - mean) ** 2).sum(axis=0)
        sd = np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan)
        varies = sd > 1e-12 * np.maximum(1.0, np.abs(mean))
        error = np.where(varies, sd / np.sqrt(n), np.nan)
        t = mean / error
    df = np.maximum(n - 1, 1)
    p = 2 * stats.t.sf(np.abs(t), df)
    half = stats.t.ppf((1 + confidence) / 2, df) * error
    notes = [
        few(count) if count < 2 else "" if moves else "the differences do not vary: no test"
        for count, moves in zip(n.tolist(), varies, strict=True)
    ]
    columns = {
        "n": n,
        "difference": mean,
        "sd": sd,
        "low": mean - half,
        "high": mean + half,
        "t": t,
        "df": n - 1,
        "p": p,
    }
    return pd.DataFrame({**columns, "note": notes}).replace({"note": {"n = 0, no value": "n = 0, no pair"}})


def only_present(rows: pd.DataFrame, runs: pd.DataFrame, side: str = "strategy") -> pd.DataFrame:
    """Keep the rows of strategies that have runs in this dataset and setting: what was not run there is no row."""
    there = runs[[*WHERE, "strategy"]].drop_duplicates().rename(columns={"strategy": side})
    return rows.merge(there, on=[*WHERE, side])


def holm(p: pd.Series, family: pd.DataFrame) -> pd.Series:
    """Return p values corrected by Holm's method within each family; NaN stays NaN and does not count as a test.

    Own arithmetic, because statsmodels collects garbage in every call: 0.1 s for each family.
    """
    known = pd.concat([family, p.rename("p")], axis=1).dropna(subset="p").sort_values("p", kind="stable")
    families = known.groupby([known[column] for column in family.columns], dropna=False)["p"]
    scaled = (families.transform("size") - families.cumcount()) * known["p"]
    stepped = scaled.groupby([known[column] for column in family.columns], dropna=False).cummax()
    return stepped.clip(upper=1.0).reindex(p.index)


def _unpaired(seeds: NDArray[np.int64], own: NDArray[np.float64], base: NDArray[np.float64]) -> list[str]:
    """Return a note per place and strategy: which seeds only one of the two has."""
    has, wanted = ~np.isnan(own), ~np.isnan(base)[:, :, None]
    alone = (has != wanted) & has.any(axis=0) & wanted.any(axis=0)
    flat = alone.reshape(len(seeds), -1).T
    return [f"seed {several(seeds[lonely])} without a partner" if lonely.any() else "" for lonely in flat]
