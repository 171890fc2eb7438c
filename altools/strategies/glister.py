r"""GLISTER: images whose gradient step on the last layer would lower the loss of a target set most.

.. math:: \text{gain}(e) = \Bigl\langle \nabla \ell_e(\theta),\; \frac{1}{|V|} \sum_{v \in V}
    \nabla \ell_v(\theta_S) \Bigr\rangle, \qquad \theta_S = \theta - \text{learning\_rate} \sum_{j \in S}
    \nabla \ell_j(\theta)

This is the first-order Taylor approximation of how the mean loss of V falls (divided by the learning rate). Only the
last layer moves, weights and bias, so the logits of V follow in closed form: z_v -= learning_rate · a_j (⟨h_v, h_j⟩ +
1), with a = p - one-hot and h the embedding. Log-probabilities stand for the logits (softmax undoes a shift), clamped
below at log 1e-30. An image of the pool stands under its predicted label, as candidate and as target; a
labelled image under its true one. The target set V is the labelled set and the pool, or one of them, never a test set.

Options: ``refreshes`` bounds how often the target's gradient is computed: by default 500 times, above ten classes
5,000 / c times and at least 50, because its cost grows with c. Up to as many picks every one sees the gradient after
all before it (exact greedy). More are taken in that many rounds of nearly equal size, each round's by the gradient at
its start, as in cords' ``RGreedy``. ``regularizer="diversity"`` subtracts ``weight`` · Σ_{j ∈ S}
exp(-‖g_e - g_j‖² / 2), up to date at every pick; 10 is DISTIL's value, and it outweighs the gains of a well-trained
model.

Reference: Killamsetty, Sivasubramanian, Ramakrishnan and Iyer, 2021, "GLISTER: generalization based data subset
selection for efficient and robust learning" (arXiv 2012.10630), Algorithm 2 (GLISTER-ACTIVE) and its Taylor
approximation.
Differs: starts from the model as trained. DISTIL and the public code of arXiv 2312.05751 first take a step along the
*sum* of the labelled gradients, divide the first target gradient by the pool's size and the later ones by that of
pool and labelled set together, and keep an n² kernel for the regularizer.
Cost: O(refreshes · (u + |V|) c d + |V| b (c + d)) time, plus O(u b (c + d)) with diversity; O((u + |V|) (c + d))
memory. Draws no random numbers. Recorded score: the gain (less the regularizer) at the time of the pick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.errors import UserError
from altools.kernels.gradients import NEGLIGIBLE, inner_products, residuals, squared_norms, with_bias
from altools.kernels.precision import fast_products
from altools.pool import Pool, Selection

NEEDS = frozenset({"probs", "embeddings", "labelled_probs", "labelled_embeddings", "labelled_labels"})


def select(
    pool: Pool,
    budget: int,
    rng: Generator,
    *,
    target: Literal["labelled_and_pool", "labelled", "pool"] = "labelled_and_pool",
    learning_rate: Annotated[float, Gt(0)] = 0.01,
    refreshes: Annotated[int, Ge(1)] | None = None,
    regularizer: Literal["none", "diversity"] = "none",
    weight: Annotated[float, Ge(0)] = 10.0,
) -> Selection:
    """Pick ``budget`` images greedily by how much their gradients point along the target's."""
    assert pool.probs is not None and pool.embeddings is not None
    residual, features = residuals(pool.probs), with_bias(pool.embeddings)
    goal = _target(pool, target)
    norms = squared_norms(residual, features) if regularizer == "diversity" else None
    excluded = torch.zeros_like(pool.probs[:, 0])  # -inf once picked
    penalty = torch.zeros_like(excluded)
    rounds = min(budget, refreshes or max(50, min(500, 5_000 // pool.probs.shape[1])))
    chosen: list[Selection] = []
    with fast_products(pool.probs.device):
        for turn in range(rounds):
            size = budget * (turn + 1) // rounds - budget * turn // rounds
            gain = _gains(residual, features, goal.gradient())
            if norms is None:
                taken = _highest(gain + excluded, size)
                excluded[taken.picks] = -torch.inf
            else:
                taken = _diverse(gain, size, excluded, penalty, weight, residual, features, norms)
            goal.step(learning_rate, residual[taken.picks], features[taken.picks])
            chosen.append(taken)
    notes = {
        "target_images": len(goal.labels),
        "target_gradients": rounds,
        "zero_gradients": int((residual == 0).all(dim=1).sum()),
    }
    picks, scores = torch.cat([part.picks for part in chosen]), torch.cat([part.scores for part in chosen])
    return Selection(picks=picks, scores=scores, notes=notes)


@dataclass(frozen=True)
class _Target:
    """The images whose loss is to fall; their logits move with every pick."""

    logits: Float[Tensor, "n c"]
    labels: Int[Tensor, " n"]
    features: Float[Tensor, "n e"]

    def gradient(self, rows: int = 1 << 14) -> Float[Tensor, "c e"]:
        """Return the mean gradient at the current logits."""
        total = self.logits.new_zeros(self.logits.shape[1], self.features.shape[1])
        for at in range(0, len(self.labels), rows):
            part = slice(at, at + rows)
            total += residuals(torch.softmax(self.logits[part], dim=1), self.labels[part]).T @ self.features[part]
        return total / len(self.labels)

    def step(
        self,
        learning_rate: float,
        residual: Float[Tensor, "k c"],
        features: Float[Tensor, "k e"],
        rows: int = 1 << 14,
    ) -> None:
        """Move the logits as a step along the gradients of some picks does."""
        for at in range(0, len(self.labels), rows):
            part = slice(at, at + rows)
            self.logits[part] -= learning_rate * (self.features[part] @ features.T) @ residual


def _target(pool: Pool, target: str) -> _Target:
    assert pool.probs is not None and pool.embeddings is not None
    assert pool.labelled_probs is not None and pool.labelled_embeddings is not None
    assert pool.labelled_labels is not None
    probs, labels, embeddings = pool.labelled_probs, pool.labelled_labels, pool.labelled_embeddings
    if target == "labelled" and not len(probs):
        raise UserError(
            f"glister with target 'labelled' needs labelled images. Got none ({pool.job_name}); raise initial."
        )
    if target != "labelled":
        guessed = pool.probs.argmax(dim=1)
        if target == "pool":
            probs, labels, embeddings = pool.probs, guessed, pool.embeddings
        else:
            probs = torch.cat([probs, pool.probs])
            labels = torch.cat([labels, guessed])
            embeddings = torch.cat([embeddings, pool.embeddings])
    logits = probs.clamp_min(NEGLIGIBLE).log()
    return _Target(logits, labels, with_bias(embeddings))


def _gains(
    residual: Float[Tensor, "u c"], features: Float[Tensor, "u e"], gradient: Float[Tensor, "c e"], rows: int = 1 << 14
) -> Float[Tensor, " u"]:
    parts = zip(residual.split(rows), features.split(rows), strict=True)
    return torch.cat([((of @ gradient.T) * some).sum(dim=1) for some, of in parts])


def _highest(gain: Float[Tensor, " u"], size: int) -> Selection:
    one = size == 1
    picks = gain.argmax(dim=0, keepdim=True) if one else torch.sort(gain, descending=True, stable=True).indices[:size]
    return Selection(picks=picks, scores=gain[picks])


def _diverse(
    gain: Float[Tensor, " u"],
    size: int,
    excluded: Float[Tensor, " u"],
    penalty: Float[Tensor, " u"],
    weight: float,
    residual: Float[Tensor, "u c"],
    features: Float[Tensor, "u e"],
    norms: Float[Tensor, " u"],
) -> Selection:
    """Take ``size`` picks, each paying for its nearness to all before it; ``excluded`` and ``penalty`` are updated."""
    taken = []
    for _ in range(size):
        part = _highest(gain - weight * penalty + excluded, 1)
        best = part.picks
        distance = norms + norms[best] - 2 * inner_products(residual, features, best)
        penalty += torch.exp(-distance.clamp_min_(0) / 2)
        excluded.index_fill_(0, best, -torch.inf)
        taken.append(part)
    return Selection(picks=torch.cat([part.picks for part in taken]), scores=torch.cat([part.scores for part in taken]))
