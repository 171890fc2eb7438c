"""Step: what a model that many queries share says about the whole training set, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from altools import storage
from altools.device import choose, describe
from altools.steps import load
from altools.steps.job import provenance
from altools.training.predict import predict as run


def predict(
    *,
    facts: str,
    model: str,
    outputs: str,
    network: Mapping[str, Any],
    normalisation: Mapping[str, Any],
    device: str,
    threads: int,
    code: str,
) -> None:
    """Write logits (n, c) and embeddings (n, d) of all training images."""
    chosen = choose(device, threads)
    data = load.split(facts, "train", chosen, **normalisation, workers=threads)
    storage.write_tensors(
        outputs,
        run(load.trained(model, network, data), data.images)._asdict(),
        provenance(code, device=describe(chosen), threads=threads),
    )
