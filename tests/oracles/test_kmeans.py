"""k-means against scalar Lloyd, scikit-learn's inertia, and exact seeding probabilities."""

import pytest
import torch

from altools import strategies
from altools.kernels import lloyd, seeding
from altools.kernels.distances import nearest_two
from altools.kernels.points import vectors
from altools.pool import Pool
from altools.rng import stream
from altools.strategies.kmeans import nearest_members
from tests import pools
from tests.frequencies import chi_square_tail


def blobs(size: int, centres: int, width: int = 8, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    means = 6 * torch.randn(centres, width, generator=rng)
    return means[torch.arange(size) % centres] + torch.randn(size, width, generator=rng)


def scalar_lloyd(rows: list[list[float]], centres: list[list[float]]) -> tuple[list[int], list[list[float]]]:
    """Lloyd's algorithm, one point at a time, until no point changes its centre."""
    labels: list[int] = []
    while True:
        found = []
        for row in rows:
            distances = [sum((a - b) ** 2 for a, b in zip(row, centre, strict=True)) for centre in centres]
            found.append(distances.index(min(distances)))
        if found == labels:
            return labels, centres
        labels = found
        for j in range(len(centres)):
            members = [row for row, label in zip(rows, labels, strict=True) if label == j]
            if members:
                centres[j] = [sum(column) / len(members) for column in zip(*members, strict=True)]


@pytest.mark.parametrize("seed", range(4))
def test_centres_and_labels_are_those_of_scalar_lloyd(seed):
    rows = blobs(90, 6, seed=seed)
    start = rows[:7]
    labels, centres = scalar_lloyd(rows.double().tolist(), start.double().tolist())
    found = lloyd.lloyd(vectors(rows), start, iterations=300, tolerance=0.0)
    assert found.labels.tolist() == labels
    torch.testing.assert_close(found.centres.double(), torch.tensor(centres, dtype=torch.float64), atol=1e-4, rtol=1e-4)
    expected = (rows - found.centres[found.labels]).square().sum()
    assert found.inertia == pytest.approx(float(expected), rel=1e-4)


def test_tiles_do_not_change_the_assignment(monkeypatch):
    points = vectors(blobs(100, 6))
    labels, squared, second = nearest_two(points, points.factors[0][:9])
    monkeypatch.setattr("altools.kernels.distances.CPU_TILE", 40)
    again, others, seconds = nearest_two(points, points.factors[0][:9])
    assert labels.tolist() == again.tolist()
    torch.testing.assert_close((squared, second), (others, seconds), atol=1e-3, rtol=1e-4)


def test_each_pick_is_the_member_nearest_to_its_centre():
    rows = blobs(60, 5, seed=3)
    clusters = lloyd.k_means(rows, 5, stream(0, "query"))
    chosen = nearest_members(clusters, 5)
    for j, (pick, score) in enumerate(zip(chosen.picks.tolist(), chosen.scores.tolist(), strict=True)):
        members = (clusters.labels == j).nonzero().flatten().tolist()
        distances = {i: float((rows[i] - clusters.centres[j]).norm()) for i in members}
        assert pick == min(members, key=lambda i: distances[i])
        assert score == pytest.approx(-distances[pick], rel=1e-3)
    assert chosen.notes == {}


def test_well_separated_groups_are_queried_once_each():
    rows = 100 * torch.eye(6).repeat(5, 1) + 0.01 * blobs(30, 6, width=6)
    chosen = strategies.load("kmeans").select(Pool(size=30, embeddings=rows), 6, stream(2, "query"))
    assert sorted((chosen.picks % 6).tolist()) == list(range(6))


def test_copies_leave_clusters_empty_and_the_farthest_candidates_fill_up():
    rows = torch.tensor([[0.0], [0.0], [0.0], [10.0], [10.0], [10.5]])
    chosen = strategies.load("kmeans").select(Pool(size=6, embeddings=rows), 5, stream(0, "query"))
    assert sorted(chosen.picks.tolist()) == [0, 1, 2, 3, 5]  # three distinct rows, then the lowest free positions
    assert chosen.notes == {"empty_clusters": 2}


def test_a_centre_without_points_moves_to_the_farthest_point():
    rows = torch.tensor([[0.0], [1.0], [2.0], [50.0]])
    found = lloyd.lloyd(vectors(rows), torch.tensor([[1.0], [1000.0], [-1000.0]]), iterations=300, tolerance=0.0)
    assert found.centres[1].item() == 50
    assert found.inertia <= 0.5


def test_seeding_of_five_points_comes_with_its_exact_probabilities():
    rows = torch.tensor([[0.0], [1.0], [4.0], [4.5], [9.0]])
    points = vectors(rows)
    law = {}
    for first in range(5):
        for second in set(range(5)) - {first}:
            weights = [[(a - b) ** 2 for (b,) in rows.tolist()] for (a,) in rows.tolist()]
            step = weights[first][second] / sum(weights[first])
            for third in set(range(5)) - {first, second}:
                now = [min(weights[i][first], weights[i][second]) for i in range(5)]
                law[first, second, third] = step * now[third] / sum(now) / 5
    rng, counts, runs = stream(3, "law"), {}, 1500
    for _ in range(runs):
        first = torch.randint(5, (1,), generator=rng)
        batch = tuple(seeding.in_blocks(points, first, 3, rng).picks.tolist())
        counts[batch] = counts.get(batch, 0) + 1
    assert chi_square_tail(counts, law, runs) > 1e-3


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_inertia_is_within_a_percent_of_scikit_learn():
    from sklearn.cluster import KMeans

    rows = pools.make(1500, width=64, seed=6).embeddings
    ours = [lloyd.k_means(rows, 100, stream(seed, "query")).inertia for seed in range(3)]
    theirs = [float(KMeans(100, n_init=1, random_state=seed).fit(rows.numpy()).inertia_) for seed in range(3)]
    assert sum(ours) <= 1.01 * sum(theirs)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_lloyd_ends_where_scikit_learn_ends_from_the_same_start():
    from sklearn.cluster import KMeans

    rows = blobs(400, 12, seed=7)
    theirs = KMeans(15, init=rows[:15].numpy(), n_init=1, tol=0).fit(rows.numpy())
    ours = lloyd.lloyd(vectors(rows), rows[:15], iterations=300, tolerance=0.0)
    assert ours.labels.tolist() == theirs.labels_.tolist()
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_comparing_with_moved_centres_alone_finds_the_nearest_of_all(seed):
    """Far moves, so that centres at rest become the nearest of points whose own centre left."""
    rng = torch.Generator().manual_seed(seed)
    points = vectors(torch.randn(80, 3, generator=rng))
    centres = torch.randn(12, 3, generator=rng)
    labels, _, runner_up = nearest_two(points, centres)
    for _ in range(4):
        moved = torch.zeros(12, dtype=torch.bool)
        moved[torch.randperm(12, generator=rng)[:3]] = True
        centres = torch.where(moved[:, None], torch.randn(12, 3, generator=rng), centres)
        labels, squared, runner_up = lloyd._reassign(points, centres, labels, runner_up, moved)
        expected, distances, second = nearest_two(points, centres)
        assert labels.tolist() == expected.tolist()
        torch.testing.assert_close(squared, distances, atol=1e-5, rtol=1e-4)
        assert (runner_up <= second + 1e-5).all()
