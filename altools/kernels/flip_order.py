"""Rank candidates by how near another prediction is; equal distances by margin, never-flipped ones last.

Distances that count steps (BIM) take few values, so ties are the rule: the order is lexicographic, no number is added
to break them. Knows nothing about how the distances came about.

Dimensions: u candidates.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def nearest_first(distance: Float[Tensor, " u"], margin_uncertainty: Float[Tensor, " u"]) -> Int[Tensor, " u"]:
    """Return the candidates by distance, then margin (1 - ``margin_uncertainty``), then pool order; +inf ranks last.

    Cost: O(u log u) time, O(u) memory.
    """
    by_margin = margin_uncertainty.argsort(stable=True, descending=True)
    return by_margin[distance[by_margin].argsort(stable=True)]


def tie_notes(distance: Float[Tensor, " u"]) -> dict[str, Any]:
    """Return how many candidates never flipped, and how coarse the distances of the others are."""
    flipped = distance[distance.isfinite()]
    counts = torch.unique(flipped, return_counts=True)[1]
    tied = int(counts[counts > 1].sum())
    return {
        "never_flipped_share": 1 - len(flipped) / len(distance),
        "distinct_distances": len(counts),
        "tied_share": tied / max(1, len(flipped)),
    }
