"""Do frequencies agree with exact probabilities?"""

from __future__ import annotations


def chi_square_tail(counts: dict[tuple[int, ...], int], law: dict[tuple[int, ...], float], runs: int) -> float:
    """Return the p-value of Pearson's test; rare batches share a cell, impossible ones fail at once."""
    from scipy.stats import chi2

    assert set(counts) <= set(law), "an impossible batch was drawn"
    common = {batch for batch, probability in law.items() if probability * runs >= 5}
    cells = [(counts.get(batch, 0), law[batch] * runs) for batch in common]
    cells.append((runs - sum(c for c, _ in cells), runs - sum(e for _, e in cells)))
    statistic = sum((count - mean) ** 2 / mean for count, mean in cells if mean > 0.5)
    return float(chi2.sf(statistic, sum(mean > 0.5 for _, mean in cells) - 1))
