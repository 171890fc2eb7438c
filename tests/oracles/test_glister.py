"""GLISTER against its definition on materialised gradients and a last layer that really takes the steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from altools.errors import UserError
from altools.pool import Pool
from altools.strategies import glister


def pool_of(u: int, labelled: int, seed: int, d: int = 5, classes: int = 4) -> Pool:
    draw = torch.Generator().manual_seed(seed)
    weights = torch.randn(classes, d, generator=draw)

    def rows(n: int) -> tuple[torch.Tensor, torch.Tensor]:
        embeddings = torch.randn(n, d, generator=draw)
        return torch.softmax(embeddings @ weights.T, 1), embeddings

    probs, embeddings = rows(u)
    labelled_probs, labelled_embeddings = rows(labelled)
    return Pool(
        size=u,
        probs=probs,
        embeddings=embeddings,
        labelled_probs=labelled_probs,
        labelled_embeddings=labelled_embeddings,
        labelled_labels=torch.randint(classes, (labelled,), generator=draw),
    )


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def definition(
    pool: Pool, budget: int, target: str, learning_rate: float, refreshes: int, weight: float
) -> tuple[list[int], list[float], list[float]]:
    """Greedy with one gradient per image; the parameters move, the logits are offsets plus what the move adds.

    Returns picks, gains, and by how much the best gain beats the next.
    """

    def images(probs: torch.Tensor | None, embeddings: torch.Tensor | None, labels: list[int]):
        features = np.c_[embeddings.double(), np.ones(len(labels))]
        return list(zip(np.log(probs.double().numpy()), features, labels, strict=True))

    candidates = images(pool.probs, pool.embeddings, pool.probs.argmax(1).tolist())
    known = images(pool.labelled_probs, pool.labelled_embeddings, pool.labelled_labels.tolist())
    goal = {"labelled": known, "pool": candidates, "labelled_and_pool": known + candidates}[target]
    classes = pool.probs.shape[1]
    moved = np.zeros((classes, pool.embeddings.shape[1] + 1))  # theta_S - theta

    def gradient(image, moved) -> np.ndarray:
        z, h, y = image
        return np.outer(softmax(z + moved @ h) - np.eye(classes)[y], h)

    own = [gradient(image, 0 * moved) for image in candidates]
    picks, gains, leads = [], [], []
    rounds = min(refreshes, budget)
    for turn in range(rounds):
        mean = sum(gradient(image, moved) for image in goal) / len(goal)
        for _ in range(budget * (turn + 1) // rounds - budget * turn // rounds):
            gain = {}
            for e in range(pool.size):
                if e not in picks:
                    near = sum(np.exp(-np.sum((own[e] - own[j]) ** 2) / 2) for j in picks)
                    gain[e] = float((own[e] * mean).sum() - weight * near)
            best = max(gain, key=gain.__getitem__)
            leads.append(gain[best] - sorted(gain.values())[-2])
            gains.append(gain[best])
            picks.append(best)
        moved = -learning_rate * sum(own[j] for j in picks)
    return picks, gains, leads


@pytest.mark.parametrize("target", ["labelled_and_pool", "labelled", "pool"])
@pytest.mark.parametrize("refreshes", [500, 4, 1])
@pytest.mark.parametrize("weight", [None, 0.05])
@pytest.mark.parametrize("seed", [0, 1])
def test_definition(target, refreshes, weight, seed):
    pool = pool_of(30, 14, seed)
    picks, gains, leads = definition(pool, 10, target, 0.5, refreshes, weight or 0.0)
    assert min(leads) > 1e-6, "a tie: choose another seed"
    found = glister.select(
        pool,
        10,
        torch.Generator(),
        target=target,
        learning_rate=0.5,
        refreshes=refreshes,
        regularizer="none" if weight is None else "diversity",
        weight=weight or 10.0,
    )
    assert found.picks.tolist() == picks
    assert found.scores.tolist() == pytest.approx(gains, abs=1e-5)
    assert found.notes["target_gradients"] == min(refreshes, 10)


def test_the_steps_change_the_picks():
    pool = pool_of(60, 20, seed=2)
    slow, fast = (glister.select(pool, 20, torch.Generator(), learning_rate=rate) for rate in (1e-6, 1.0))
    assert slow.picks.tolist() != fast.picks.tolist()
    once = glister.select(pool, 20, torch.Generator(), learning_rate=1.0, refreshes=1)
    assert once.picks.tolist() == slow.picks.tolist()


@pytest.mark.parametrize(
    ("classes", "budget", "gradients"), [(2, 600, 500), (10, 600, 500), (40, 600, 125), (300, 60, 50)]
)
def test_many_classes_are_asked_less_often(classes, budget, gradients):
    pool = pool_of(620, 4, seed=4, classes=classes)
    assert glister.select(pool, budget, torch.Generator()).notes["target_gradients"] == gradients


def test_the_gain_is_the_fall_of_the_target_loss():
    pool = pool_of(20, 30, seed=3)
    rate = 1e-3
    found = glister.select(pool, 1, torch.Generator(), target="labelled", learning_rate=rate)
    pick = int(found.picks[0])
    residual = pool.probs[pick].clone()
    residual[pool.probs[pick].argmax()] -= 1
    shift = (pool.labelled_embeddings @ pool.embeddings[pick] + 1)[:, None] * residual
    loss = torch.nn.functional.cross_entropy
    logits = pool.labelled_probs.double().log()
    fall = loss(logits, pool.labelled_labels) - loss(logits - rate * shift, pool.labelled_labels)
    assert float(fall) / rate == pytest.approx(float(found.scores[0]), rel=2e-2)


@pytest.mark.parametrize("regularizer", ["none", "diversity"])
def test_saturated_probabilities(regularizer):
    probs = torch.zeros(12, 3)
    probs[:, 0] = 1
    pool = Pool(
        size=12,
        probs=probs,
        embeddings=torch.randn(12, 4, generator=torch.Generator().manual_seed(0)),
        labelled_probs=probs[:5],
        labelled_embeddings=torch.ones(5, 4),
        labelled_labels=torch.tensor([0, 1, 2, 0, 1]),
    )
    found = glister.select(pool, 7, torch.Generator(), regularizer=regularizer)
    assert sorted(set(found.picks.tolist())) == list(range(7))
    assert found.scores.isfinite().all() and found.notes["zero_gradients"] == 12


def test_an_empty_labelled_set():
    pool = pool_of(8, 0, seed=0)
    with pytest.raises(UserError, match=r"needs labelled images\. Got none \(pool\)"):
        glister.select(pool, 2, torch.Generator(), target="labelled")
    both = glister.select(pool, 2, torch.Generator())
    alone = glister.select(pool, 2, torch.Generator(), target="pool")
    assert both.picks.tolist() == alone.picks.tolist()
