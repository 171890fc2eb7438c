"""Greedy k-center, BADGE and k-means against scikit-activeml and scikit-learn."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch

from altools import strategies
from altools.pool import Pool
from altools.rng import stream
from benchmarks.harness import Case

CLASSES = 10
WIDTH = 512


@cache
def mixture(size: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return post-ReLU embeddings of a class mixture, and softmax probabilities of a linear head on them."""
    rng = torch.Generator().manual_seed(seed)
    means = torch.randn(CLASSES, WIDTH, generator=rng)
    classes = torch.randint(0, CLASSES, (size,), generator=rng)
    embeddings = (means[classes] + torch.randn(size, WIDTH, generator=rng)).relu()
    head = means.T / WIDTH**0.5
    return embeddings, (embeddings @ head / 4).softmax(1)


@cache
def pool(size: int, labelled: int = 0) -> Pool:
    """Return the pool of the strategies' side; its checks are part of no query."""
    rows, probs = mixture(size + labelled)
    return Pool(size=size, embeddings=rows[:size], probs=probs[:size], labelled_embeddings=rows[size:])


def cases() -> list[Case]:
    """Return the tasks and goals of this topic."""
    return [k_center(), badge(), k_means()]


def k_center(size: int = 3000, labelled: int = 300, budget: int = 300) -> Case:
    """Farthest-first traversal from a labelled set."""

    def ours() -> list[int]:
        return strategies.load("coreset").select(pool(size, labelled), budget, stream(0, "query")).picks.tolist()

    def peer() -> list[int]:
        from skactiveml.pool import k_greedy_center

        rows, _ = mixture(size + labelled)
        y = np.full(size + labelled, np.nan)
        y[size:] = 0
        return k_greedy_center(rows.numpy(), y, batch_size=budget, random_state=0)[0].tolist()

    def check(mine: list[int], theirs: list[int]) -> str:
        assert set(mine) == set(theirs), f"{len(set(mine) & set(theirs))} of {budget} picks in common"
        return "same order" if mine == theirs else "same set"

    return Case(f"k-center n={size} m=b={budget} d={WIDTH}", ours, peer, "scikit-activeml", 40, check, repeats=5)


def badge(size: int = 3000, budget: int = 100) -> Case:
    """D² sampling of gradient embeddings, which the peer writes down (n x c·d)."""

    def ours() -> list[int]:
        return strategies.load("badge").select(pool(size), budget, stream(0, "query")).picks.tolist()

    def peer() -> list[int]:
        from skactiveml.base import SkactivemlClassifier
        from skactiveml.pool import Badge

        rows, probs = mixture(size)

        class Known(SkactivemlClassifier):
            def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Known:
                return self

            def predict_proba(self, X: Any) -> np.ndarray:
                return probs.numpy()

        y = np.full(size, np.nan)
        known = Known(classes=list(range(CLASSES)))
        return Badge(random_state=0).query(rows.numpy(), y, known, fit_clf=False, batch_size=budget)

    def check(mine: list[int], theirs: list[int]) -> str:
        assert mine[0] == theirs[0], "another first pick"
        ours_left, theirs_left = (potential(size, picks) for picks in (mine, theirs))
        assert abs(ours_left / theirs_left - 1) < 0.03, f"potentials {ours_left:.4g} and {theirs_left:.4g}"
        return f"same first pick, potential {ours_left / theirs_left - 1:+.2%}"

    return Case(
        f"BADGE n={size} b={budget} c={CLASSES} d={WIDTH}", ours, peer, "scikit-activeml", 150, check, repeats=5
    )


def potential(size: int, picks: list[int]) -> float:
    """Return the sum of squared distances of gradient embeddings to the nearest pick, in float64."""
    rows, probs = mixture(size)
    gradients = probs.double() - torch.nn.functional.one_hot(probs.argmax(1), CLASSES)
    nearest = torch.full((size,), float("inf"), dtype=torch.float64)
    norms = gradients.square().sum(1) * rows.double().square().sum(1)
    for pick in picks:
        inner = (gradients @ gradients[pick]) * (rows.double() @ rows[pick].double())
        nearest = torch.minimum(nearest, norms + norms[pick] - 2 * inner)
    return float(nearest.sum())


def k_means(size: int = 16_000, centres: int = 1600) -> Case:
    """k-means++ seeding and Lloyd's iterations to the same tolerance."""
    from sklearn.cluster import KMeans  # not inside the timed part: the peer runs once

    def ours() -> float:
        from altools.kernels.distances import centred
        from altools.kernels.lloyd import k_means as run

        rows, _ = mixture(size)
        return run(*centred(rows), centres, stream(0, "query")).inertia

    def peer() -> float:
        rows, _ = mixture(size)
        return float(KMeans(centres, n_init=1, random_state=0).fit(rows.numpy()).inertia_)

    def check(mine: float, theirs: float) -> str:
        assert mine <= 1.01 * theirs, f"inertia {mine / theirs - 1:+.2%}"
        return f"inertia {mine / theirs - 1:+.2%}"

    return Case(f"k-means n={size} k={centres} d={WIDTH}", ours, peer, "scikit-learn", 10, check, repeats=1)
