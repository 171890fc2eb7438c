"""BatchBALD against batchbald-redux on one pool of Monte-Carlo predictions."""

from __future__ import annotations

from functools import cache, partial

import torch
from tqdm import tqdm

from altools import strategies
from altools.pool import Pool
from altools.rng import stream
from benchmarks.harness import Case

OUTCOMES = 1000


@cache
def predictions(size: int, samples: int, classes: int, features: int = 512) -> torch.Tensor:
    """Return class probabilities of a linear head under dropout on post-ReLU embeddings of a class mixture."""
    from altools.kernels.dropout_heads import dropout_masks, masked_probs

    rng = torch.Generator().manual_seed(0)
    means = torch.randn(classes, features, generator=rng)
    labels = torch.randint(0, classes, (size,), generator=rng)
    embeddings = (means[labels] + 1.5 * torch.randn(size, features, generator=rng)).relu()
    head = 0.03 * means
    masks = dropout_masks(samples, features, rate=0.5, generator=rng)
    return masked_probs(embeddings, head, torch.zeros(classes), masks)


def cases() -> list[Case]:
    """Return the tasks and goals of this topic."""
    return [batchbald()]


def batchbald(size: int = 4000, samples: int = 40, classes: int = 10, budget: int = 12) -> Case:
    """Greedy joint information, enumerated for the first picks (1,000 outcomes), sampled for the others."""
    exact = 1
    while classes ** (exact + 1) <= OUTCOMES:
        exact += 1

    def ours() -> list[int]:
        pool = Pool(size=size, mc_probs=predictions(size, samples, classes))
        strategy = strategies.load("batchbald")
        chosen = strategy.select(pool, budget, stream(0, "query"), configurations=OUTCOMES, tolerance=0.0)
        assert chosen.notes["informed_picks"] == budget, chosen.notes
        return chosen.picks.tolist()

    def peer() -> list[int]:
        from batchbald_redux import batchbald, joint_entropy

        for module in (batchbald, joint_entropy):
            module.tqdm = partial(tqdm, disable=True)
        return batchbald.get_batchbald_batch(predictions(size, samples, classes).log(), budget, OUTCOMES).indices

    def check(mine: list[int], theirs: list[int]) -> str:
        same = next((t for t, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1]), budget)
        assert same > exact, f"picks differ from the one at {same} on, outcomes are enumerated up to {exact}"
        return f"first {same} picks equal, then sampled"

    return Case(
        f"BatchBALD n={size} K={samples} c={classes} b={budget}", ours, peer, "batchbald-redux", 30, check, repeats=1
    )
