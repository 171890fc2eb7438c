"""SIMILAR's six functions against numpy on materialised gradients, and against submodlib."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from altools.errors import UserError
from altools.pool import Pool
from altools.strategies import similar

FUNCTIONS = ["flqmi", "flvmi", "gcmi", "logdetmi", "flcg", "flcmi"]


def pool_of(u: int, labelled: int, seed: int, d: int = 5, classes: int = 4) -> Pool:
    draw = torch.Generator().manual_seed(seed)

    def probs(n: int) -> torch.Tensor:
        return torch.softmax(2 * torch.randn(n, classes, generator=draw), 1)

    return Pool(
        size=u,
        probs=probs(u),
        embeddings=torch.randn(u, d, generator=draw),
        labelled_probs=probs(labelled),
        labelled_embeddings=torch.randn(labelled, d, generator=draw),
        labelled_labels=torch.randint(classes, (labelled,), generator=draw),
    )


def gradients(probs: torch.Tensor, embeddings: torch.Tensor, labels: list[int]) -> np.ndarray:
    rows = []
    for p, h, y in zip(probs.tolist(), embeddings.tolist(), labels, strict=True):
        residual = np.array(p)
        residual[y] -= 1
        rows.append(np.outer(residual, h).ravel())
    return np.array(rows)


def similarity(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(one, axis=1)[:, None] * np.linalg.norm(other, axis=1)
    return (1 + one @ other.T / norms) / 2


def scalar_query_set(pool: Pool, size: int) -> list[int]:
    rows = pool.labelled_probs.tolist()
    labels = pool.labelled_labels.tolist()
    wrong = [i for i, (row, y) in enumerate(zip(rows, labels, strict=True)) if row.index(max(row)) != y]
    right = [i for i in range(len(rows)) if i not in wrong]
    right.sort(key=lambda i: rows[i][labels[i]])
    return wrong + right[: max(0, size - len(wrong))]


def kernels(pool: Pool, query_size: int, function: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """S_UU, S_UQ, S_UP, S_QQ."""
    chosen = scalar_query_set(pool, query_size)
    others = [i for i in range(pool.labelled_size) if function != "flcmi" or i not in chosen]
    images = gradients(pool.probs, pool.embeddings, pool.probs.argmax(1).tolist())
    labelled = gradients(pool.labelled_probs, pool.labelled_embeddings, pool.labelled_labels.tolist())
    query = labelled[chosen]
    return (
        similarity(images, images),
        similarity(images, query),
        similarity(images, labelled[others]),
        similarity(query, query),
    )


def value_of(function: str, s, q, p, qq, eta: float, nu: float) -> Callable[[list[int]], float]:
    """The functions as SIMILAR's Table 1 has them."""
    cap, private = eta * q.max(1), nu * p.max(1)
    eye = np.eye

    def log_det(matrix: np.ndarray) -> float:
        return float(np.linalg.slogdet(matrix)[1])

    def log_det_mi(a: list[int]) -> float:
        own = s[np.ix_(a, a)] + eye(len(a))
        explained = eta**2 * q[a] @ np.linalg.inv(qq + eye(len(qq))) @ q[a].T
        return log_det(own) - log_det(own - explained)

    return {
        "flqmi": lambda a: q[a].max(0).sum() + eta * q[a].max(1).sum(),
        "flvmi": lambda a: np.minimum(s[a].max(0), cap).sum(),
        "gcmi": lambda a: 2 * q[a].sum(),
        "logdetmi": log_det_mi,
        "flcg": lambda a: np.maximum(s[a].max(0) - private, 0).sum(),
        "flcmi": lambda a: np.maximum(np.minimum(s[a].max(0), cap) - private, 0).sum(),
    }[function]


@pytest.mark.parametrize("eta, nu", [(1.0, 1.0), (0.7, 0.8), (0.9, 0.5)])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_definition(function, eta, nu):
    pool = pool_of(40, 12, seed=3)
    value = value_of(function, *kernels(pool, 5, function), eta, nu)
    found = similar.select(pool, 10, torch.Generator(), function=function, eta=eta, nu=nu, query_size=5)
    picks: list[int] = []
    before = 0.0
    for at, (pick, score) in enumerate(zip(found.picks.tolist(), found.scores.tolist(), strict=True)):
        gain = {a: value([*picks, a]) - before for a in range(40) if a not in picks}
        assert gain[pick] == pytest.approx(max(gain.values()), abs=2e-5)
        assert score == pytest.approx(gain[pick], abs=2e-5)
        if at == 0:
            assert pick == max(gain, key=gain.__getitem__) or sorted(gain.values())[-2] > max(gain.values()) - 1e-5
        before += gain[pick]
        picks.append(pick)
    assert len(set(picks)) == 10


def test_large_eta_matters_for_flqmi_and_flvmi():
    pool = pool_of(60, 12, seed=4)
    for function in ("flqmi", "flvmi"):
        low, high = (
            similar.select(pool, 10, torch.Generator(), function=function, eta=eta, query_size=5) for eta in (0.5, 3.0)
        )
        assert low.picks.tolist() != high.picks.tolist()


def test_degenerate_cases_agree():
    pool = pool_of(50, 12, seed=5)

    def picks(function: str, **options: float) -> list[int]:
        return similar.select(pool, 12, torch.Generator(), function=function, query_size=5, **options).picks.tolist()

    facility_location = picks("flcg", nu=0.0)
    assert picks("flvmi", eta=10.0) == facility_location
    assert picks("flcmi", eta=0.6, nu=0.0) == picks("flvmi", eta=0.6)
    assert picks("flcg", nu=1.0) != facility_location


def test_conditioning_on_the_query_set_itself_would_leave_nothing_to_gain():
    pool = pool_of(50, 12, seed=5)
    found = similar.select(pool, 5, torch.Generator(), function="flcmi", query_size=5)
    assert (found.scores > 0).all()
    assert found.notes["private_images"] == 12 - found.notes["query_images"]
    everyone = similar.select(pool, 5, torch.Generator(), function="flcmi", query_size=12)
    alone = similar.select(pool, 5, torch.Generator(), function="flvmi", query_size=12)
    assert everyone.picks.tolist() == alone.picks.tolist()
    assert everyone.notes["private_images"] == 0


@pytest.mark.parametrize("function", ["flvmi", "flcmi", "flcg"])
def test_an_exhausted_measure_goes_on_by_likeness_not_by_position(function):
    nu = 1.5 if function == "flcg" else 0.2
    pool = pool_of(60, 12, seed=7)
    found = similar.select(pool, 50, torch.Generator(), function=function, query_size=2, nu=nu)
    without = found.notes["picks_without_gain"]
    assert 20 < without < 50 and (found.scores[-without:] == 0).all() and (found.scores[:-without] > 0).all()
    assert len(set(found.picks.tolist())) == 50
    _, queries, private, _ = kernels(pool, 2, function)
    likeness = -private.max(1) if function == "flcg" else queries.max(1)
    rest = [image for image in range(60) if image not in found.picks[:-without].tolist()]
    expected = sorted(rest, key=lambda image: -likeness[image])[:without]
    assert found.picks[-without:].tolist() == expected


@pytest.mark.parametrize("size", [1, 3, 8, 50])
def test_query_set_is_what_the_model_gets_wrong_or_is_least_sure_of(size):
    for seed in range(6):
        pool = pool_of(5, 12, seed)
        found, wrong = similar.query_set(pool.labelled_probs, pool.labelled_labels, size)
        expected = scalar_query_set(pool, size)
        assert sorted(found.tolist()) == sorted(expected)
        assert wrong == sum(pool.labelled_probs.argmax(1) != pool.labelled_labels)
        right = found[wrong:].tolist()
        assert right == expected[wrong:]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_saturated_probabilities(function):
    pool = pool_of(20, 6, seed=6)
    probs = torch.zeros(20, 4)
    probs[:, 1] = 1
    pool = Pool(
        size=20,
        probs=probs,
        embeddings=pool.embeddings,
        labelled_probs=probs[:6],
        labelled_embeddings=pool.labelled_embeddings,
        labelled_labels=torch.ones(6, dtype=torch.long),
    )
    found = similar.select(pool, 8, torch.Generator(), function=function)
    assert len(set(found.picks.tolist())) == 8
    assert found.scores.isfinite().all()
    assert found.notes["zero_gradients"] == 20 and found.notes["query_images_wrong"] == 0


def test_no_labelled_images_or_an_impossible_eta():
    pool = pool_of(5, 0, seed=0)
    with pytest.raises(UserError, match=r"similar needs labelled images .* \(pool\)"):
        similar.select(pool, 2, torch.Generator())
    with pytest.raises(UserError, match="eta of at most 1"):
        similar.select(pool_of(5, 2, seed=0), 2, torch.Generator(), function="logdetmi", eta=1.5)


def peer_of(function: str, s, q, p, qq):
    import submodlib

    size, queries, privates = len(s), q.shape[1], p.shape[1]
    if function == "flqmi":
        return submodlib.FacilityLocationVariantMutualInformationFunction(
            n=size, num_queries=queries, query_sijs=q, queryDiversityEta=1
        )
    if function == "flvmi":
        return submodlib.FacilityLocationMutualInformationFunction(
            n=size, num_queries=queries, data_sijs=s, query_sijs=q, magnificationEta=1
        )
    if function == "gcmi":
        return submodlib.GraphCutMutualInformationFunction(n=size, num_queries=queries, query_sijs=q)
    if function == "flcg":
        return submodlib.FacilityLocationConditionalGainFunction(
            n=size, num_privates=privates, data_sijs=s, private_sijs=p, privacyHardness=1
        )
    if function == "flcmi":
        return submodlib.FacilityLocationConditionalMutualInformationFunction(
            n=size, num_queries=queries, num_privates=privates, data_sijs=s, query_sijs=q, private_sijs=p
        )
    return submodlib.LogDeterminantMutualInformationFunction(
        n=size, num_queries=queries, lambdaVal=1, data_sijs=s, query_sijs=q, query_query_sijs=qq, magnificationEta=1
    )


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_submodlib(function):
    pool = pool_of(60, 10, seed=8)
    peer = peer_of(function, *kernels(pool, 6, function))
    expected = peer.maximize(
        budget=8, optimizer="NaiveGreedy", stopIfZeroGain=False, stopIfNegativeGain=False, show_progress=False
    )
    found = similar.select(pool, 8, torch.Generator(), function=function, query_size=6)
    scale = 2 if function == "gcmi" else 1
    assert found.scores.tolist() == pytest.approx([scale * gain for _, gain in expected], abs=1e-4)
    assert found.picks[:4].tolist() == [pick for pick, _ in expected][:4]
