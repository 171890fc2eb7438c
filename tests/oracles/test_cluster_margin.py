"""Cluster-Margin against Algorithm 2 of its paper, one image at a time."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from altools.kernels.average_linkage import average_linkage
from altools.pool import Pool
from altools.strategies import cluster_margin


def pool_of(u: int, seed: int, classes: int = 4, memory=None) -> Pool:
    draw = torch.Generator().manual_seed(seed)
    probs = torch.softmax(2 * torch.randn(u, classes, generator=draw), 1)
    return Pool(size=u, probs=probs, embeddings=torch.randn(u, 5, generator=draw), memory=memory or {})


def algorithm_2(pool: Pool, budget: int, rng: torch.Generator, candidates: float) -> list[int]:
    """Citovsky et al. 2021, given the clusters."""
    ranked = [sorted(row, reverse=True) for row in pool.probs.tolist()]
    margins = [row[0] - row[1] for row in ranked]
    considered = sorted(range(pool.size), key=lambda i: (margins[i], i))[: round(candidates * budget)]
    order = torch.randperm(len(considered), generator=rng).tolist()
    groups: dict[int, list[int]] = {}
    for place in order:
        groups.setdefault(int(pool.memory["cluster"][considered[place]]), []).append(considered[place])
    waiting = [groups[name] for name in sorted(groups, key=lambda name: (len(groups[name]), name))]
    picks: list[int] = []
    while len(picks) < budget:
        for group in waiting:
            if group and len(picks) < budget:
                picks.append(group.pop(0))
    return picks


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("budget, candidates", [(1, 10.0), (7, 2.5), (20, 1.0), (20, 2.0), (30, 10.0), (59, 1.0)])
def test_definition(seed, budget, candidates):
    cluster = torch.randint(9, (60,), generator=torch.Generator().manual_seed(seed + 50))
    pool = pool_of(60, seed, memory={"cluster": cluster})
    expected = algorithm_2(pool, budget, torch.Generator().manual_seed(seed), candidates)
    found = cluster_margin.select(pool, budget, torch.Generator().manual_seed(seed), candidates=candidates)
    assert found.picks.tolist() == expected
    assert found.notes["candidates_are_pool"] == (candidates * budget >= 60)


def test_margins_decide_which_images_are_candidates():
    pool = pool_of(100, 3)
    found = cluster_margin.select(pool, 10, torch.Generator(), candidates=2.0)
    ranked = pool.probs.sort(dim=1, descending=True).values
    lowest = set((ranked[:, 0] - ranked[:, 1]).argsort()[:20].tolist())
    assert set(found.picks.tolist()) <= lowest


def test_rare_clusters_come_first():
    cluster = torch.tensor([0] * 6 + [1] * 1 + [2] * 3)
    pool = pool_of(10, 0, memory={"cluster": cluster})
    found = cluster_margin.select(pool, 9, torch.Generator())
    assert cluster[found.picks].tolist() == [1, 2, 0, 2, 0, 2, 0, 0, 0]


def test_every_member_of_a_cluster_is_picked_equally_often():
    pool = pool_of(6, 0, memory={"cluster": torch.tensor([0, 0, 0, 0, 1, 1])})
    rng = torch.Generator().manual_seed(0)
    first = Counter(cluster_margin.select(pool, 2, rng).picks[1].item() for _ in range(2000))
    assert set(first) == {0, 1, 2, 3}
    assert all(abs(count - 500) < 5 * (2000 * 0.25 * 0.75) ** 0.5 for count in first.values())


def test_clusters_are_made_once_and_handed_on():
    pool = pool_of(50, 1)
    first = cluster_margin.select(pool, 5, torch.Generator(), images_per_cluster=5.0)
    assert torch.equal(first.memory["cluster"], average_linkage(pool.embeddings, clusters=10))
    assert first.notes["clusters"] == 10
    rest = torch.ones(50, dtype=torch.bool)
    rest[first.picks] = False
    later = Pool(
        size=45,
        probs=pool.probs[rest],
        embeddings=torch.randn(45, 5),
        memory={"cluster": first.memory["cluster"][rest]},
    )
    second = cluster_margin.select(later, 5, torch.Generator(), images_per_cluster=5.0)
    assert torch.equal(second.memory["cluster"], first.memory["cluster"][rest])
