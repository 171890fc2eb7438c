"""Clustering and submodular greedy against scikit-learn, submodlib and apricot."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import warnings
from functools import cache
from typing import Any

import torch

from altools.kernels.average_linkage import average_linkage
from altools.kernels.facility import greedy
from altools.kernels.points import unit_vectors
from altools.kernels.represented import Objective
from benchmarks.harness import Case, peak_gib

POINTS, CLUSTERS = 16_000, 1_600
POOL, BUDGET = 3_000, 600


@cache
def embeddings(n: int, d: int = 512, classes: int = 10) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    means = torch.randn(classes, d, generator=draw)
    return torch.relu(means[torch.randint(classes, (n,), generator=draw)] + torch.randn(n, d, generator=draw))


def our_clusters() -> Any:
    return average_linkage(embeddings(POINTS), clusters=CLUSTERS).numpy()


def scikit_clusters() -> Any:
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(n_clusters=CLUSTERS, metric="cosine", linkage="average")
    return model.fit_predict(embeddings(POINTS).numpy())


def growth_mib(work: str) -> float:
    """Peak memory that ``work`` adds to a fresh process holding the embeddings and its imports, the least of three.

    The heap's own scatter adds up to 70 MiB.
    """
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as alone:
        return min(alone.map(_growth_mib, [work] * 3, chunksize=1))


def _growth_mib(work: str) -> float:
    import sklearn.cluster  # noqa: F401

    embeddings(POINTS)
    average_linkage(embeddings(POINTS)[:500], clusters=50)
    before = peak_gib(forget=True)
    globals()[work]()
    return (peak_gib() - before) * 1024


def same_clusters(ours: Any, theirs: Any) -> str:
    from sklearn.metrics import adjusted_rand_score

    agreement = adjusted_rand_score(theirs, ours)
    assert agreement == 1.0, agreement
    mine, peer = growth_mib("our_clusters"), growth_mib("scikit_clusters")
    return f"ARI {agreement:.6f}, memory {mine:.0f} MiB against {peer:.0f} MiB ({peer / mine:.1f}x)"


def our_picks() -> tuple[Any, Any]:
    images = unit_vectors(embeddings(POOL))
    return greedy(Objective(candidates=images, represented=images), BUDGET)


def submodlib_picks() -> Any:
    from submodlib import FacilityLocationFunction

    peer = FacilityLocationFunction(n=POOL, mode="dense", data=embeddings(POOL).numpy(), metric="cosine")
    with contextlib.redirect_stdout(io.StringIO()):
        found = peer.maximize(budget=BUDGET, optimizer="LazyGreedy", show_progress=False)
    return sum(gain for _, gain in found)


def apricot_picks() -> Any:
    from apricot import FacilityLocationSelection
    from sklearn.metrics.pairwise import cosine_similarity

    similarity = cosine_similarity(embeddings(POOL).numpy())
    return FacilityLocationSelection(BUDGET, metric="precomputed", optimizer="lazy").fit(similarity).gains.sum()


def same_value(ours: Any, theirs: Any) -> str:
    value = float(ours[1].double().sum())
    assert abs(value / float(theirs) - 1) < 1e-5, (value, theirs)
    return f"value {value:.4f} against {float(theirs):.4f}"


def cases() -> list[Case]:
    """The tasks with their goals; apricot compiles before it is timed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from apricot import FacilityLocationSelection

        FacilityLocationSelection(2, metric="precomputed", optimizer="lazy").fit(torch.eye(8).numpy())
    return [
        Case("average-linkage cut, n=16000", our_clusters, scikit_clusters, "scikit-learn", 7, same_clusters),
        Case("facility location, n=3000, b=600", our_picks, submodlib_picks, "submodlib-py", 25, same_value),
        Case("facility location, n=3000, b=600", our_picks, apricot_picks, "apricot-select", 8, same_value),
    ]
