"""Step: train the task model of one round from scratch, and test it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from altools import metrics, storage
from altools.device import choose, describe
from altools.rng import stream
from altools.steps import load
from altools.steps.job import provenance
from altools.training.checkpoint import EVERY_S
from altools.training.predict import predict
from altools.training.supervised import train as fit


def train(
    *,
    facts: str,
    labelled: str,
    model: str,
    history: str,
    scores: str,
    network: Mapping[str, Any],
    normalisation: Mapping[str, Any],
    recipe: Mapping[str, Any],
    metric_options: Mapping[str, Mapping[str, Any]],
    seed: int,
    round: int,
    device: str,
    threads: int,
    where: str,
    code: str,
    encoder: str | None = None,
    checkpoint_every_s: float = EVERY_S,
) -> None:
    """Train on the labelled rows, test the last epoch's weights, write model, history and scores.

    The streams depend on seed and round alone: with the same labelled set every strategy gets the same model. With
    an encoder the backbone starts from it, in every round, and the classifier from fresh weights.
    """
    chosen = choose(device, threads)
    data = load.split(facts, "train", chosen, **normalisation)
    rows, _ = load.labelled_rows(labelled)
    built = load.network(network, data, stream(seed, "weights", round))
    if encoder:
        load.encoder(encoder, built)
    identity = {
        "recipe": dict(recipe),
        "network": dict(network),
        "normalisation": dict(normalisation),
        "labelled set": load.digest(rows),
        "encoder": load.digest(Path(encoder).read_bytes()) if encoder else None,
        "seed": seed,
        "round": round,
        "code version": code,
        "device": chosen.type,
    }
    checkpoint = load.checkpoint(model, facts, checkpoint_every_s, identity)
    record = fit(
        built,
        data.images,
        data.labels,
        rows,
        load.recipe(recipe),
        lambda epoch: stream(seed, f"epoch {epoch}", round),
        where,
        checkpoint,
    )
    test = load.split(facts, "test", chosen, **normalisation)
    probs = predict(built, test.images).logits.double().softmax(1).cpu().numpy()
    source = provenance(code, device=describe(chosen), threads=threads, recipe=dict(recipe), seed=seed, round=round)
    storage.write_tensors(model, built.state_dict(), source)
    storage.write_columns(history, {name: np.asarray(values) for name, values in vars(record).items()}, source)
    numbers = metrics.score_all(metric_options, probs, test.labels.cpu().numpy(), test.classes)
    storage.write_json(scores, {"labels": len(rows), "metrics": numbers, "provenance": source})
    checkpoint.remove()
