"""Count wins, ties and losses against a baseline: at how many budgets is the difference real, and which way.

A win or loss is a difference whose Holm-corrected p value is below alpha; all else is a tie, which means "cannot be
told apart with these seeds", not "equal". What could not be tested (one seed, no partner) is counted on its own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from altools.statistics.curves import WHO, direction, join_notes


def table(tests: pd.DataFrame, alpha: float = 0.05, *, corrected: bool = True) -> pd.DataFrame:
    """Count over the budgets of each dataset and setting.

    Args:
        tests: the table of `altools.statistics.paired.table`.
        alpha: largest p value that counts as a difference.
        corrected: use Holm's p values; else the single ones, of which alpha are wins or losses by chance alone.

    Returns:
        Columns dataset, setting, strategy, baseline, metric, measure, alpha, wins, ties, losses, untested, note.
    """
    p = tests["p_holm" if corrected else "p"]
    better = tests["difference"] * np.array([direction(metric) for metric in tests["metric"]], dtype=int)
    outcome = pd.DataFrame(
        {
            "wins": (p < alpha) & (better > 0),
            "ties": p >= alpha,
            "losses": (p < alpha) & (better < 0),
            "untested": p.isna(),
        }
    )
    keys = [*WHO, "baseline", "metric", "measure"]
    counts = pd.concat([tests[keys], outcome], axis=1).groupby(keys, sort=True)[list(outcome)].sum().reset_index()
    reasons = tests[p.isna()].groupby(keys)["note"].agg(lambda notes: join_notes(*sorted(set(notes))))
    counts = counts.merge(reasons.rename("note").reset_index(), on=keys, how="left").fillna({"note": ""})
    return counts[[*keys, "wins", "ties", "losses", "untested", "note"]].assign(alpha=alpha)
