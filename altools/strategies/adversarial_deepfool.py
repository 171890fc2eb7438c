r"""Adversarial (DeepFool): query the images that the smallest DeepFool perturbation takes to another prediction.

.. math:: s(x) = \lVert r(x) \rVert_2^2 \quad \text{(smallest first, equal ones by margin; recorded score: } -s\text{)}

Reference: Ducoffe and Precioso, 2018, "Adversarial active learning for deep networks: a margin based approach",
algorithm 1; the perturbation: Moosavi-Dezfooli, Fawzi and Frossard, 2016, "DeepFool", algorithm 2
(`altools.kernels.adversarial.deepfool`).
Differs: the perturbed twin is not added to the labelled set (nor is it in the public code of arXiv 2312.05751, which
perturbs normalised images; other public code heads for the last class instead of the nearest). Of more than ten
classes the ten likeliest are looked at, as the authors of DeepFool do.
Cost: O(u log u) to rank; the distances are a pass over the pool of their own. Draws no random numbers.
"""

from __future__ import annotations

from torch import Generator

from altools.kernels.flip_order import nearest_first, tie_notes
from altools.kernels.uncertainty import margin_uncertainty
from altools.pool import Pool, Selection

NEEDS = frozenset({"deepfool_distance", "probs"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the ``budget`` candidates nearest to another prediction; those that never flip come last."""
    assert pool.deepfool_distance is not None
    assert pool.probs is not None
    picks = nearest_first(pool.deepfool_distance, margin_uncertainty(pool.probs))[:budget]
    return Selection(picks=picks, scores=-pool.deepfool_distance[picks], notes=tie_notes(pool.deepfool_distance))
