r"""BatchBALD: greedily query the set whose labels together say most about the Monte-Carlo sample (the weights).

.. math:: x_t = \arg\max_x\; \mathbb{E}_{y}\Big[ H\Big(\sum_k w_k(y)\, p_k(x)\Big) - \sum_k w_k(y)\, H(p_k(x)) \Big],
   \qquad w_k(y) = \frac{p_k(y)}{\sum_j p_j(y)}

where y runs over the joint outcomes of the picks so far; the sum of these gains is the joint mutual information of the
batch. Outcomes are enumerated while there are at most ``configurations`` of them; afterwards as many are sampled,
equally from every Monte-Carlo sample, and each pick extends them by one label.

The information of any batch is at most log m. Once it is there (within ``tolerance``), or the best gain is below its
Monte-Carlo standard error, further gains are noise: the rest of the budget is filled in BALD order, and the notes say
how many picks were informed.

Reference: Kirsch, van Amersfoort and Gal, 2019, "BatchBALD: efficient and diverse batch acquisition for deep Bayesian
active learning", algorithm 1 and eq. 8-13.
Differs: (1) stops at saturation; (2) samples are extended, not redrawn, at each pick; (3) both terms are averaged over
the same outcomes (the same in expectation, identical when enumerated), so gains are >= 0 and the information never
exceeds log m; (4) lazy: a gain only shrinks as the batch grows, so an old gain bounds the new one, and merging
outcomes bounds it again; picks are those of a full scan when enumerated, up to Monte-Carlo noise when sampled. The
public code of arXiv 2312.05751 scores the first picks by uninitialised memory, then multiplies float32 probabilities
until they underflow and takes the pool in index order.
Cost: O(u m c) once, then O(r (m + 1) c) for every candidate scored again, r = ``configurations``; extra memory O(u m)
and a block. The signal itself is u m c floats (45,000 x 40 x 10: 72 MB; 200,000 x 40 x 1,000: 32 GB). Two to four host
synchronisations per informed pick.
Draws a number per sampled outcome and pick, for 64 picks at a time; none while enumerating.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

import torch
from annotated_types import Ge
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.kernels.information import AGREEMENT_NATS, mixture_entropy, sample_entropies
from altools.kernels.outcomes import Outcomes, uniform_draws
from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"mc_probs"})
OPTIONS = {"mc_samples": 40}
LEADERS = 32  # candidates scored first; the best of them decides who else is scored
MANY = 512  # rivals worth a round of tighter bounds before they are scored
MERGED = 4  # outcomes merged into one for these bounds; 8, or two rounds of 32 and 4, cost more in all
GATHERED_ELEMENTS = 1 << 22  # probabilities copied at a time: 16 MiB

Rows = Callable[[Int[Tensor, " w"]], Float[Tensor, " w"]]


def select(
    pool: Pool,
    budget: int,
    rng: Generator,
    *,
    configurations: Annotated[int, Ge(1)] = 1000,
    tolerance: Annotated[float, Ge(0)] = 0.01,
) -> Selection:
    """Pick greedily until the batch is saturated, then by BALD.

    Scores are gains in nats: given the picks before for informed picks, alone (BALD) for the rest.

    Args:
        pool: gives ``mc_probs``.
        budget: number of picks.
        rng: draws the outcomes once they are sampled.
        configurations: joint outcomes kept; never fewer than Monte-Carlo samples once they are drawn.
        tolerance: nats below log m at which the batch counts as saturated.
    """
    probs = pool.mc_probs
    assert probs is not None
    samples = probs.shape[1]
    entropies = sample_entropies(probs)
    bald = mixture_entropy(probs) - entropies.mean(1)
    draws = uniform_draws(rng, samples, configurations, probs.device)
    outcomes = Outcomes.none(samples, probs.device)
    picks: list[Tensor] = []
    gains: list[Tensor] = []
    bounds, stopped_by = bald.clone(), "budget"
    for _ in range(budget):
        pick, gain = _leader(bounds, outcomes, probs, entropies)
        of_pick, entropies_of_pick = probs[pick][0], entropies[pick][0]
        error = outcomes.standard_error(of_pick, entropies_of_pick)
        best, noise, information = torch.stack([gain[0], error, outcomes.information()]).tolist()
        saturated = information > math.log(samples) - tolerance
        if saturated or best <= max(noise, AGREEMENT_NATS):
            stopped_by = "saturation" if saturated else "noise" if picks else "no disagreement"
            break
        picks.append(pick)
        gains.append(gain)
        bounds.index_fill_(0, pick, -math.inf)
        outcomes = outcomes.extended(of_pick, configurations, draws)
    notes = {
        "informed_picks": len(picks),
        "information_nats": float(outcomes.information()),
        "log_samples": math.log(samples),
        "stopped_by": stopped_by,
    }
    return _filled(picks, gains, bald, budget, notes)


def _leader(
    bounds: Float[Tensor, " u"], outcomes: Outcomes, probs: Float[Tensor, "u m c"], entropies: Float[Tensor, "u m"]
) -> tuple[Int[Tensor, " 1"], Float[Tensor, " 1"]]:
    """Return the candidate with the largest gain, and the gain; among equals the first one.

    Args:
        bounds: at least the gain of every candidate, −inf where it is taken; lowered in place.
        outcomes: of the picks so far.
        probs: predictions of all candidates.
        entropies: their entropies, one per sample.
    """
    gains = _of(outcomes, probs, entropies)
    rivals = _rivals(bounds, gains)
    if len(rivals) > MANY:
        bounds[rivals] = torch.minimum(bounds[rivals], _of(outcomes.merged(MERGED), probs, entropies)(rivals))
        rivals = _rivals(bounds, gains)
    bounds[rivals] = gains(rivals)
    best = bounds.argmax(dim=0, keepdim=True)  # a number would be read by the host, which waits for it
    return best, bounds[best]


def _of(outcomes: Outcomes, probs: Float[Tensor, "u m c"], entropies: Float[Tensor, "u m"]) -> Rows:
    """Return the gains of some candidates, gathered a block at a time (all at once would copy the signal)."""
    block = max(1, GATHERED_ELEMENTS // probs[0].numel())
    return lambda rows: torch.cat([outcomes.gains(probs[part], entropies[part]) for part in rows.split(block)])


def _rivals(bounds: Float[Tensor, " u"], gains: Rows) -> Int[Tensor, " w"]:
    """Return the candidates that may have the largest gain: whose bound reaches the best gain of the leaders."""
    leaders = bounds.topk(min(LEADERS, len(bounds))).indices
    bounds[leaders] = gains(leaders).masked_fill_(bounds[leaders].isneginf(), -math.inf)
    return (bounds >= bounds[leaders].max()).nonzero().squeeze(1)  # a host synchronisation, to count them


def _filled(
    picks: list[Tensor], gains: list[Tensor], bald: Float[Tensor, " u"], budget: int, notes: dict[str, Any]
) -> Selection:
    """Append the largest BALD scores among the rest."""
    informed = torch.cat([*picks, torch.empty(0, dtype=torch.long, device=bald.device)])
    by_bald = top_k(bald.index_fill(0, informed, -math.inf), budget - len(picks))
    return Selection(
        picks=torch.cat([informed, by_bald.picks]),
        scores=torch.cat([*gains, by_bald.scores]),
        notes=by_bald.notes | notes,
    )
