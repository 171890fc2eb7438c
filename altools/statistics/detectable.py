r"""What the seeds can show: the smallest difference that can be significant, and the one found with good chance.

.. math:: \delta_{\min} = t_{n-1,\,1-\alpha/2} \, \frac{s_d}{\sqrt n}, \qquad
   \delta_{80} : \; P\big(T'_{n-1}(\delta \sqrt n / s_d) > t_{n-1,\,1-\alpha/2}\big) = 0.8

for one paired two-sided t test over n seeds; T' is the non-central t and s_d the standard deviation of the
differences to the baseline, pooled over the strategies; one whose own differences scatter less needs less. A smaller
true difference is not absent, only invisible.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from altools.statistics.curves import few, join_notes, several
from altools.statistics.paired import BASELINE, PLACE, by_seed, measures, t_tests


def table(
    curves: pd.DataFrame,
    metric: str = "accuracy",
    baseline: str = BASELINE,
    alpha: float = 0.05,
    power: float = 0.8,
) -> pd.DataFrame:
    """Return the detectable differences of every dataset and setting, for the area and for each budget.

    Strategies with fewer seeds than the others count with their own degrees of freedom in the pooled deviation;
    ``n`` is the number of pairs most strategies have.

    Returns:
        Columns dataset, setting, measure, labels, baseline, metric, n, sd, alpha, power, smallest_significant,
        detectable, note.
    """
    runs = by_seed(measures(curves, metric))
    others = [place for place, name in enumerate(runs.strategies) if name != baseline]
    names = [runs.strategies[place] for place in others]
    differences = runs.values[:, :, others] - runs.of(baseline)[:, :, None]
    found = []
    place: Any
    for number, place in enumerate(runs.places.to_dict("records")):
        tested = t_tests(differences[:, number])
        there = tested[tested["n"] > 0]
        n = int(there["n"].mode().max()) if len(there) else 0
        freedom = (there["n"] - 1).to_numpy()
        usable = freedom > 0
        pooled = np.nan
        if usable.any():
            pooled = float(np.sqrt((there["sd"].to_numpy()[usable] ** 2 @ freedom[usable]) / freedom[usable].sum()))
        fewer = [name for name, pairs in zip(names, tested["n"], strict=True) if 0 < pairs < n]
        note = join_notes(
            few(n).replace("no interval", "nothing can be tested").replace("no value", "nothing can be tested"),
            "the differences do not vary" if pooled == 0 else "",
            f"fewer seeds: {several(fewer)}" if fewer else "",
        )
        smallest, detectable = _effects(n, alpha, power) if n > 1 else (np.nan, np.nan)
        row = {"n": n, "sd": pooled, "smallest_significant": smallest * pooled, "detectable": detectable * pooled}
        found.append({**place, **row, "note": note})
    columns = [*PLACE, "baseline", "metric", "n", "sd", "alpha", "power", "smallest_significant", "detectable", "note"]
    result = pd.DataFrame(found, columns=columns)
    return result.assign(baseline=baseline, metric=metric, alpha=alpha, power=power).astype({"labels": "Int64"})


def _effects(n: int, alpha: float, power: float) -> tuple[float, float]:
    """Return smallest significant and detectable difference in standard deviations of a pair's difference."""
    from scipy import optimize, stats

    critical = stats.t.ppf(1 - alpha / 2, n - 1)

    def lacking(effect: float) -> float:
        return float(stats.nct.sf(critical, n - 1, effect * np.sqrt(n))) - power  # significant and of the right sign

    return critical / np.sqrt(n), float(optimize.brentq(lacking, 0.0, 3 * critical / np.sqrt(n)))
