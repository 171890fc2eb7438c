r"""Cosine similarity by tiles, also of vectors that are outer products of short factors.

.. math:: x = x_1 \otimes \dots \otimes x_f \;\Rightarrow\; \cos(x, y) = \prod_j \langle x_j, y_j \rangle
    \quad \text{for unit factors}

So a last-layer gradient (probabilities minus one-hot) ⊗ (embedding) costs c + d numbers instead of c · d.

Dimensions: n and r vectors, d features of a factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def unit_rows(x: Float[Tensor, "n d"]) -> tuple[Float[Tensor, "n d"], Bool[Tensor, " n"]]:
    """Scale every row to length one; all-zero rows stay zero and are marked in the second value."""
    largest = x.abs().amax(dim=1, keepdim=True)
    zero = largest == 0
    scaled = x / torch.where(zero, 1, largest)  # so that squares neither overflow nor vanish
    return scaled / torch.where(zero, 1, torch.linalg.vector_norm(scaled, dim=1, keepdim=True)), zero[:, 0]


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """Rows of unit length (or zero), each the outer product of one row per factor."""

    factors: tuple[Float[Tensor, "n _"], ...]
    shifted: bool = False
    """Similarity (1 + cosine) / 2 instead of max(cosine, 0)."""

    def __len__(self) -> int:
        return len(self.factors[0])

    def __getitem__(self, rows: Tensor | slice) -> Vectors:
        return Vectors(factors=tuple(factor[rows] for factor in self.factors), shifted=self.shifted)

    @property
    def device(self) -> torch.device:
        """Where the factors lie."""
        return self.factors[0].device

    def similarity(self, other: Vectors) -> Float[Tensor, "n r"]:
        """Return the similarity of every row to every row of ``other``; both from 0 to 1."""
        product = self.factors[0] @ other.factors[0].T
        for mine, theirs in zip(self.factors[1:], other.factors[1:], strict=True):
            product *= mine @ theirs.T
        return product.add_(1).div_(2) if self.shifted else product.clamp_min_(0)

    def own_similarity(self) -> Float[Tensor, " n"]:
        """Return the similarity of every row to itself: 1, or what a zero vector has."""
        product = torch.stack([factor.square().sum(dim=1) for factor in self.factors]).prod(dim=0)
        return (product + 1) / 2 if self.shifted else product

    def total_similarity(self, other: Vectors) -> Float[Tensor, " n"] | None:
        """Return each row's similarities to ``other`` summed, in one pass, or None where negative cosines are clipped.

        Without clipping the sum over ``other`` moves inside the product.
        """
        both = (*self.factors, *other.factors)
        if len(self.factors) > 2 or not (self.shifted or all(bool((factor >= 0).all()) for factor in both)):
            return None
        if len(self.factors) == 1:
            total = self.factors[0] @ other.factors[0].sum(dim=0)
        else:
            total = ((self.factors[0] @ (other.factors[0].T @ other.factors[1])) * self.factors[1]).sum(dim=1)
        return (total + len(other)) / 2 if self.shifted else total


def plain(x: Float[Tensor, "n d"]) -> Vectors:
    """Return the rows of ``x`` for max(cosine, 0); a zero vector is similar to nothing, not even itself."""
    return Vectors(factors=(unit_rows(x)[0],))


def nearest_similarity(rows: Vectors, others: Vectors, elements: int = 1 << 22) -> Float[Tensor, " n"]:
    """Return each row's largest similarity to any of ``others``, by tiles of about ``elements``."""
    step = max(1, elements // len(others))
    return torch.cat([rows[at : at + step].similarity(others).amax(dim=1) for at in range(0, len(rows), step)])
