"""Bootstrap over seeds: which seeds each resample holds.

Whole runs are resampled, for all strategies together, so pairs by seed stay pairs. With few seeds all resamples
are enumerated, which makes the interval exact but coarse: 3 seeds give 27 resamples, 10 of them distinct.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ENUMERATED_UP_TO = 5  # 5 ** 5 = 3,125 resamples


def resamples(n: int, draws: int = 4000) -> NDArray[np.int64]:
    """Return positions of seeds, a row per resample: all ``n ** n`` of them for few seeds, else ``draws`` random ones.

    The random ones come from a fixed generator: the same table gives the same interval.
    """
    if n <= ENUMERATED_UP_TO:
        return np.stack(np.meshgrid(*[np.arange(n)] * n, indexing="ij"), axis=-1).reshape(-1, n)
    return np.random.default_rng(0).integers(0, n, size=(draws, n))


def percentiles(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Return the interval that holds ``confidence`` of the values; infinite ones count as they stand.

    Its ends are resampled values, not interpolated between two, since a value may be infinite.
    """
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low = np.quantile(values, tails[0], method="lower")
    high = np.quantile(values, tails[1], method="higher")
    return float(low), float(high)
