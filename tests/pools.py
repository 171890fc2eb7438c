"""Synthetic pools with every signal a strategy may ask for, ordinary and degenerate.

A strategy only ever gets the fields it names in ``NEEDS`` (`restrict`), as from the real runner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace

import torch
from torch import Tensor

from altools.pool import Pool

NOT_SIGNALS = {"size", "memory", "job_name"}
SIGNALS = [entry.name for entry in fields(Pool) if entry.name not in NOT_SIGNALS]


def make(
    size: int = 24,
    *,
    classes: int = 4,
    width: int = 8,
    labelled: int = 9,
    samples: int = 4,
    sharpness: float = 2.0,
    seed: int = 0,
) -> Pool:
    """Return a pool of post-ReLU embeddings and probabilities of a random linear head on them, all signals set."""
    rng = torch.Generator().manual_seed(seed)
    head = torch.randn(width, classes, generator=rng)
    embeddings = torch.randn(size + labelled, width, generator=rng).relu()
    probs = (sharpness * embeddings @ head).softmax(1)
    masks = 2.0 * torch.randint(0, 2, (samples, 1, width), generator=rng)
    mc_probs = (sharpness * (embeddings[:size] * masks) @ head).softmax(2).transpose(0, 1).contiguous()
    return Pool(
        size=size,
        probs=probs[:size],
        embeddings=embeddings[:size],
        mc_probs=mc_probs,
        bim_distance=torch.rand(size, generator=rng),
        deepfool_distance=torch.rand(size, generator=rng),
        labelled_probs=probs[size:],
        labelled_embeddings=embeddings[size:],
        labelled_labels=torch.randint(0, classes, (labelled,), generator=rng),
        job_name="synthetic",
    )


def restrict(pool: Pool, needs: Iterable[str]) -> Pool:
    """Keep only the signals in ``needs``: what the runner hands to a strategy."""
    return replace(pool, **{name: None for name in set(SIGNALS) - set(needs)})


def take(pool: Pool, rows: Tensor) -> Pool:
    """Return the pool whose candidate i is candidate ``rows[i]`` of the given one (memory included)."""
    kept = {name: value[rows] for name in SIGNALS if (value := candidates(pool).get(name)) is not None}
    return replace(pool, size=len(rows), memory={name: value[rows] for name, value in pool.memory.items()}, **kept)


def candidates(pool: Pool) -> dict[str, Tensor]:
    """Return the signals with a row per candidate."""
    found = {name: getattr(pool, name) for name in SIGNALS if not name.startswith("labelled_")}
    return {name: value for name, value in found.items() if value is not None}


def duplicated() -> Pool:
    """Every candidate occurs four times, in the signals of all kinds."""
    return take(make(6), torch.arange(24) % 6)


def constant() -> Pool:
    """All candidates are one and the same: every score is equal."""
    return take(make(24), torch.zeros(24, dtype=torch.long))


def one_class_never_predicted() -> Pool:
    """Class 2 has probability exactly zero everywhere and no label."""
    pool = make(24)

    def without(probs: Tensor) -> Tensor:
        kept = probs.clone()
        kept[..., 2] = 0
        return kept / kept.sum(-1, keepdim=True)

    assert pool.labelled_labels is not None
    labels = torch.where(pool.labelled_labels == 2, 3, pool.labelled_labels)
    changed = {name: without(getattr(pool, name)) for name in ("probs", "mc_probs", "labelled_probs")}
    return replace(pool, labelled_labels=labels, **changed)


def saturated() -> Pool:
    """Every probability is exactly 0 or 1, so all gradients and all uncertainties are zero."""
    pool = make(24)

    def hard(probs: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(probs.argmax(-1), probs.shape[-1]).float()

    return replace(pool, **{name: hard(getattr(pool, name)) for name in ("probs", "mc_probs", "labelled_probs")})


def partly_saturated() -> Pool:
    """Exact zeros and ones beside ordinary rows."""
    soft, hard = make(24), saturated()
    names = ("probs", "mc_probs")
    mixed = {name: torch.cat([getattr(soft, name)[:5], getattr(hard, name)[5:]]) for name in names}
    return replace(soft, **mixed)


def dead_embeddings() -> Pool:
    """All activations are zero, of the labelled images too."""
    pool = make(24)
    assert pool.embeddings is not None and pool.labelled_embeddings is not None
    zeros = {"embeddings": torch.zeros_like(pool.embeddings)}
    return replace(pool, labelled_embeddings=torch.zeros_like(pool.labelled_embeddings), **zeros)


def never_flipped() -> Pool:
    """No adversarial perturbation changed any prediction."""
    endless = torch.full((24,), float("inf"))
    return replace(make(24), bim_distance=endless, deepfool_distance=endless.clone())


def already_labelled() -> Pool:
    """Every candidate equals a labelled image."""
    pool = make(9)
    assert pool.labelled_embeddings is not None and pool.labelled_probs is not None
    return replace(pool, embeddings=pool.labelled_embeddings.clone(), probs=pool.labelled_probs.clone())


def two_classes() -> Pool:
    """The smallest number of classes there is."""
    return make(24, classes=2)


def tiny() -> Pool:
    """Two candidates, one labelled image."""
    return make(2, labelled=1)


DEGENERATE: dict[str, Callable[[], Pool]] = {
    build.__name__: build
    for build in (
        duplicated,
        constant,
        one_class_never_predicted,
        saturated,
        partly_saturated,
        dead_embeddings,
        never_flipped,
        already_labelled,
        two_classes,
        tiny,
    )
}
