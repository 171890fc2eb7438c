r"""Joint label outcomes of a growing batch, and what one more label would add to them, in nats.

A joint outcome y of the chosen candidates has probability p_k(y) under Monte-Carlo sample k. Kept are log p_k(y) for
some outcomes (in float64 and in logs, so that thousands of factors do not underflow) and each outcome's weight: all
outcomes with their probabilities while they are few, equally weighted draws afterwards.
Knows nothing about which candidates are chosen, or why.

Dimensions: o outcomes, w candidates looked at, m Monte-Carlo samples, c classes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from altools.kernels.information import entropy

BLOCK_ELEMENTS = 1 << 20  # outcomes x candidates x classes per product: 4 MiB, stays in the cache
MERGED = 4  # outcomes merged into one for bounds
LOWEST = 1e-300  # probability of an impossible label: finite in logs, nothing in sums


@dataclass(frozen=True)
class Outcomes:
    """Joint outcomes of the picks so far."""

    log_joint: Float[Tensor, "o m"]
    """log p_k(y), float64."""
    probs: tuple[Float[Tensor, "m c"], ...] = ()
    """Predictions of the picks, kept until the outcomes are drawn."""
    drawn: bool = False
    """Whether outcomes are equally weighted draws (in order of the sample they came from), not all there are."""

    @staticmethod
    def none(samples: int, device: torch.device) -> Outcomes:
        """Return the one outcome of an empty batch."""
        return Outcomes(torch.zeros(1, samples, dtype=torch.float64, device=device))

    @cached_property
    def posterior(self) -> Float[Tensor, "o m"]:
        """How likely each sample is after each outcome."""
        return self.log_joint.softmax(1)

    @cached_property
    def weights(self) -> Float[Tensor, " o"]:
        """How much each outcome counts; they sum to one."""
        if self.drawn:
            return torch.full_like(self.log_joint[:, 0], 1 / len(self.log_joint))
        return self.log_joint.logsumexp(1).softmax(0)

    def information(self) -> Float[Tensor, ""]:
        """Return the mutual information of the labels so far and the sample, at most log m."""
        return math.log(self.log_joint.shape[1]) - self.weights @ entropy(self.posterior)

    def gains(self, probs: Float[Tensor, "w m c"], entropies: Float[Tensor, "w m"]) -> Float[Tensor, " w"]:
        """Return the expected mutual information of each candidate's label and the sample, given an outcome.

        Args:
            probs: predictions of the candidates.
            entropies: their entropies, one per sample (float64).
        """
        return _expected_information(probs, entropies, self.posterior, self.weights)

    def bounds(self, probs: Float[Tensor, "w m c"], entropies: Float[Tensor, "w m"]) -> Float[Tensor, " w"]:
        """Return numbers no smaller than the gains, at a quarter of their cost.

        Mutual information is concave in the posterior, so outcomes can be merged into their mean. Tight where the
        merged ones agree: neighbours after sorting by likeliest sample, then by entropy.
        """
        return _expected_information(probs, entropies, *self._merged)

    @cached_property
    def _merged(self) -> tuple[Float[Tensor, "g m"], Float[Tensor, " g"]]:
        by_entropy = entropy(self.posterior).argsort(stable=True)
        order = by_entropy[self.posterior.argmax(1)[by_entropy].argsort(stable=True)]
        group = torch.arange(len(order), device=order.device) // MERGED
        joint = (self.weights[:, None] * self.posterior)[order]
        total = joint.new_zeros(-(-len(order) // MERGED), joint.shape[1]).index_add_(0, group, joint)
        weights = total.sum(1)
        return total / weights.clamp_min(LOWEST)[:, None], weights

    def standard_error(self, probs: Float[Tensor, "m c"], entropies: Float[Tensor, " m"]) -> Float[Tensor, ""]:
        """Return the Monte-Carlo standard error of one candidate's gain (0 while all outcomes are kept)."""
        if not self.drawn:
            return torch.zeros_like(self.log_joint[0, 0])
        single = entropy(self.posterior @ probs.double()) - self.posterior @ entropies
        return single.std() / math.sqrt(len(single))

    def extended(self, probs: Float[Tensor, "m c"], limit: int, draws: Iterator[Tensor]) -> Outcomes:
        """Return the outcomes with one more label.

        Args:
            probs: predictions of the new pick.
            limit: most outcomes to keep all of; past it, as many are drawn (a multiple of m, at least m).
            draws: uniform numbers in [0, 1), a tensor (m, outcomes per sample) for each label drawn (`uniform_draws`).
        """
        if self.drawn:
            return Outcomes(self.log_joint + _drawn_label(probs, next(draws)), drawn=True)
        batch = (*self.probs, probs)
        if self.log_joint.shape[0] * probs.shape[1] <= limit:
            joint = self.log_joint[:, None] + _log(probs).T
            return Outcomes(joint.flatten(0, 1), batch)
        return Outcomes(torch.stack([_drawn_label(pick, next(draws)) for pick in batch]).sum(0), drawn=True)


def uniform_draws(rng: Generator, samples: int, limit: int, device: torch.device) -> Iterator[Tensor]:
    """Yield the uniform numbers of one label after another, drawn and moved 64 labels at a time."""
    while True:
        # float32 on purpose: u <= 1 - 2^-24 keeps u * total < total, so no label past the last can be drawn.
        yield from torch.rand(64, samples, max(1, limit // samples), generator=rng).to(device)


def _expected_information(
    probs: Float[Tensor, "w m c"],
    entropies: Float[Tensor, "w m"],
    posterior: Float[Tensor, "o m"],
    weights: Float[Tensor, " o"],
) -> Float[Tensor, " w"]:
    """Return each candidate's information on the sample under each posterior, averaged; one product per block."""
    rows = max(1, BLOCK_ELEMENTS // (len(posterior) * probs.shape[2]))
    narrow, by = posterior.float(), weights.float()
    mixed = []
    for block in probs.split(rows):
        mixture = narrow @ block.clamp_min(1e-30).transpose(0, 1).flatten(1)
        mixed.append(-(by @ mixture.log().mul_(mixture)).view(len(block), -1).sum(1))
    return torch.cat(mixed).double() - entropies @ (weights @ posterior)


def _drawn_label(probs: Float[Tensor, "m c"], draws: Float[Tensor, "m s"]) -> Float[Tensor, "o m"]:
    """Draw labels from every sample; return their log probability under all samples, o = m s."""
    cumulative = probs.double().cumsum(1)
    labels = torch.searchsorted(cumulative, draws.double() * cumulative[:, -1:], right=True)
    return _log(probs).T[labels.flatten()]


def _log(probs: Float[Tensor, "m c"]) -> Float[Tensor, "m c"]:
    return probs.double().clamp_min(LOWEST).log()
