"""Average linkage against scikit-learn and SciPy, and against itself in other tiles, orders and precisions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from altools.kernels.average_linkage import average_linkage


def mixture(n: int, d: int = 24, classes: int = 6, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    means = torch.randn(classes, d, generator=draw)
    return torch.relu(means[torch.randint(classes, (n,), generator=draw)] + torch.randn(n, d, generator=draw))


def scikit(x: torch.Tensor, **cut) -> np.ndarray:
    cut = {"n_clusters": None} | cut
    return AgglomerativeClustering(metric="cosine", linkage="average", **cut).fit_predict(x.double().numpy())


@pytest.mark.parametrize("n, clusters", [(2, 1), (40, 3), (300, 30), (300, 299), (700, 1), (700, 350)])
@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_learn(n, clusters, seed):
    x = mixture(n, seed=seed)
    ours = average_linkage(x, clusters=clusters)
    assert len(ours.unique()) == clusters
    assert adjusted_rand_score(scikit(x, n_clusters=clusters), ours.numpy()) == 1.0


def test_equals_scikit_learn_on_two_thousand_images():
    x = mixture(2000, d=64)
    assert adjusted_rand_score(scikit(x, n_clusters=200), average_linkage(x, clusters=200, block=512).numpy()) == 1.0


@pytest.mark.parametrize("distance", [0.05, 0.3, 0.5, 0.9])
def test_cut_at_a_distance_equals_scikit_learn_and_scipy(distance):
    x = mixture(400)
    ours = average_linkage(x, distance=distance).numpy()
    assert adjusted_rand_score(scikit(x, distance_threshold=distance), ours) == 1.0
    tree = linkage(pdist(x.double().numpy(), "cosine"), "average")
    assert adjusted_rand_score(fcluster(tree, distance, "distance"), ours) == 1.0


def test_the_stricter_of_both_cuts_holds():
    x = mixture(300)
    assert len(average_linkage(x, clusters=10, distance=0.2).unique()) > 10
    assert len(average_linkage(x, clusters=200, distance=0.9).unique()) == 200


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10_000), n=st.integers(2, 60), block=st.sampled_from([1, 3, 64]), clusters=st.integers(1, 20)
)
def test_tiles_length_and_precision_change_nothing(seed, n, block, clusters):
    x = mixture(n, seed=seed).double()
    scale = torch.logspace(-200, 200, n, dtype=torch.float64)[:, None]
    whole = average_linkage(x, clusters=clusters)
    assert torch.equal(whole, average_linkage(x, clusters=clusters, block=block))
    assert torch.equal(whole, average_linkage(x * scale, clusters=clusters))


@settings(deadline=None, max_examples=25)
@given(data=st.data(), n=st.integers(2, 24), clusters=st.integers(1, 8))
def test_copies_stay_together_and_order_does_not_matter(data, n, clusters):
    rows = data.draw(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=n, max_size=n))
    x = torch.tensor(rows, dtype=torch.float64)
    ours = average_linkage(x, clusters=clusters)
    for i in range(n):
        for j in range(n):
            if rows[i] == rows[j]:
                assert ours[i] == ours[j]
    order = torch.tensor(data.draw(st.permutations(range(n))))
    assert adjusted_rand_score(ours[order], average_linkage(x[order], clusters=clusters)) == 1.0


def test_zero_vectors_are_one_cluster_far_from_all_others():
    x = torch.cat([torch.zeros(3, 4), torch.tensor([[1.0, 0, 0, 0], [2.0, 0.1, 0, 0], [1.0, 1.0, 0, 0]])])
    assert average_linkage(x, clusters=2).tolist() == [0, 0, 0, 1, 1, 1]
    assert average_linkage(torch.zeros(5, 2), clusters=3).tolist() == [0] * 5
    assert average_linkage(x, distance=1.0).tolist() == [0, 0, 0, 1, 1, 1]
    assert average_linkage(torch.eye(3), distance=0.5).tolist() == [0, 1, 2]


def test_orthogonal_vectors_tie_everywhere_and_still_end():
    assert len(average_linkage(torch.eye(40), clusters=7).unique()) == 7
    assert len(average_linkage(torch.eye(40), clusters=1).unique()) == 1
