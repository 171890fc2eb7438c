"""Entropy, margin and least confidence against scalar definitions and scikit-activeml."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from altools import strategies
from altools.pool import Pool

RNG = torch.Generator()


def scalar_scores(name: str, row: list[float]) -> float:
    if name == "entropy":
        return -sum(p * math.log(p) for p in row if p > 0)
    if name == "least_confidence":
        return 1 - max(row)
    ordered = sorted(row)
    return 1 - (ordered[-1] - ordered[-2])


def dirichlet(seed: int, rows: int, classes: int, sharpness: float) -> torch.Tensor:
    """Random class probabilities; sharpness above ~30 gives exact zeros and ones in float32."""
    logits = torch.randn(rows, classes, generator=torch.Generator().manual_seed(seed))
    return (sharpness * logits).softmax(1)


@pytest.mark.parametrize("name", ["entropy", "least_confidence", "margin"])
@pytest.mark.parametrize("sharpness", [0.5, 5.0, 200.0])
def test_scores_equal_the_scalar_definition_and_picks_are_its_best(name, sharpness):
    probs = dirichlet(0, 40, 5, sharpness)
    chosen = strategies.load(name).select(Pool(size=40, probs=probs), 15, RNG)
    expected = torch.tensor([scalar_scores(name, row) for row in probs.double().tolist()])
    torch.testing.assert_close(chosen.scores, expected[chosen.picks], atol=2e-6, rtol=1e-5)
    left = torch.ones(40, dtype=torch.bool)
    left[chosen.picks] = False
    assert expected[chosen.picks].min() >= expected[left].max() - 2e-6


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(20)))
def test_two_classes_make_all_three_rank_alike(order):
    high = 0.51 + 0.02 * torch.tensor(order)  # 0.51 ... 0.89, well apart
    flip = torch.tensor(order) % 3 == 0
    probs = torch.stack([torch.where(flip, high, 1 - high), torch.where(flip, 1 - high, high)], dim=1)
    pool = Pool(size=20, probs=probs)
    expected = sorted(range(20), key=lambda i: order[i])[:7]
    for name in ("entropy", "least_confidence", "margin"):
        assert strategies.load(name).select(pool, 7, RNG).picks.tolist() == expected


def test_nearly_saturated_rows_keep_their_order():
    """From a gap of 17 on the largest probability rounds to 1."""
    gaps = torch.tensor([20.0, 18.0, 30.0, 17.5, 25.0])
    probs = torch.stack([torch.zeros(5), -gaps, -gaps - 1], dim=1).softmax(1)
    for name in ("entropy", "least_confidence", "margin"):
        chosen = strategies.load(name).select(Pool(size=5, probs=probs), 4, RNG)
        assert chosen.picks.tolist() == [3, 1, 0, 4] and not chosen.notes, name


def test_saturated_rows_rank_last_not_first():
    probs = torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.4, 0.0], [0.0, 1.0, 0.0], [0.9, 0.05, 0.05]])
    for name in ("entropy", "least_confidence", "margin"):
        chosen = strategies.load(name).select(Pool(size=4, probs=probs), 2, RNG)
        assert chosen.picks.tolist() == [1, 3], name
        assert chosen.scores.isfinite().all()


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "method"),
    [("entropy", "entropy"), ("least_confidence", "least_confident"), ("margin", "margin_sampling")],
)
def test_scikit_activeml_agrees(name, method):
    from skactiveml.pool import uncertainty_scores

    probs = dirichlet(1, 60, 4, 1.0)
    theirs = torch.from_numpy(uncertainty_scores(probs.double().numpy(), method=method))
    chosen = strategies.load(name).select(Pool(size=60, probs=probs), 20, RNG)
    assert chosen.picks.tolist() == theirs.sort(descending=True, stable=True).indices[:20].tolist()


def test_random_takes_every_candidate_equally_often():
    select = strategies.load("random").select
    rng = torch.Generator().manual_seed(0)
    counts = torch.zeros(5)
    for _ in range(2000):
        counts[select(Pool(size=5), 2, rng).picks] += 1
    chi2 = float(((counts - 800) ** 2 / 800).sum())  # 4 degrees of freedom, smaller variance than multinomial
    assert chi2 < 18.5  # 0.1 % point
