r"""BADGE: query a batch that is both uncertain and diverse, by D² sampling of gradient embeddings.

.. math:: g(x) = (p(x) - e_{\hat y(x)})\, h(x)^\top, \quad \hat y = \arg\max_c p_c, \quad
   P(i_{t+1} = i) \propto \min_{s \le t} \lVert g(x_i) - g(x_{i_s}) \rVert^2

The first pick has the largest gradient norm (ties by lowest position). The recorded score is the squared distance at
which a pick was drawn, for the first its squared norm. Where all remaining distances are zero (saturated predictions,
copies) the rest is filled uniformly with score 0, and ``notes["uniform_picks"]`` counts it;
``notes["zero_gradients"]`` counts candidates whose gradient is zero, or 1e-19 of the largest and less.

Reference: Ash et al., 2020, "Deep batch active learning by diverse, uncertain gradient lower bounds", Algorithm 1; the
largest-norm start is that of the authors' code, where the paper draws the first centre too. Bias gradients are left
out, as there. Differs from the public code of arXiv 2312.05751: a candidate is never picked twice, and the u x c·d
gradient matrix is never formed.
Cost: O(u b (c + d)) time, O(u (c + d)) memory. ``mode="reference"`` draws one uniform number per pick after the first;
``"fast"`` draws blocks of proposals from the same law (`altools.kernels.seeding`).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Generator

from altools.kernels import seeding
from altools.kernels.gradients import residuals
from altools.kernels.points import outer_products
from altools.pool import Pool, Selection

NEEDS = frozenset({"probs", "embeddings"})


def select(pool: Pool, budget: int, rng: Generator, *, mode: Literal["fast", "reference"] = "fast") -> Selection:
    """Pick ``budget`` candidates by D² sampling of their gradient embeddings."""
    assert pool.probs is not None and pool.embeddings is not None
    residual = residuals(pool.probs)
    # By a power of two, which changes no digit: squares of what a very sure network leaves would be zero in float32.
    power = torch.frexp(residual.abs().max()).exponent
    points = outer_products(torch.ldexp(residual, -power), pool.embeddings)
    zeros = int((points.norms == 0).sum())
    notes = {"zero_gradients": zeros} if zeros else {}
    if zeros == pool.size:
        picks, scores = points.norms.new_empty(0, dtype=torch.long), points.norms.new_empty(0)
    else:
        first = (points.norms == points.norms.max()).nonzero()[0]
        draw = seeding.in_blocks if mode == "fast" else seeding.one_by_one
        draws = draw(points, first, budget, rng)
        picks, scores = draws.picks, draws.squared
    scores = torch.ldexp(scores.double(), 2 * power)
    missing = budget - len(picks)
    if missing:
        notes["uniform_picks"] = missing
        picks = torch.cat([picks, seeding.uniform_rest(picks, pool.size, missing, rng)])
        scores = torch.cat([scores, scores.new_zeros(missing)])
    return Selection(picks=picks, scores=scores, notes=notes)
