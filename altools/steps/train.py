"""Step: train the task model of one round from scratch, and test it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Generator

from altools import metrics, storage
from altools.device import choose, describe, peak_memory_mb
from altools.images import Images
from altools.rng import stream
from altools.steps import load
from altools.steps.job import provenance
from altools.steps.ranks import launch
from altools.training import streamed, supervised
from altools.training.checkpoint import EVERY_S
from altools.training.precision import precision_for
from altools.training.predict import predict
from altools.training.ranks import ALONE, Ranks


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
    gpus: int,
    where: str,
    code: str,
    encoder: str | None = None,
    checkpoint_every_s: float = EVERY_S,
    ranks: Ranks = ALONE,
) -> None:
    """Train on the labelled rows, test the last epoch's weights, write model, history and scores.

    The streams depend on seed and round alone: with the same labelled set every strategy gets the same model. With
    an encoder the backbone starts from it, in every round, and the classifier from fresh weights. Images that stay
    encoded may be trained on by several GPUs: then this is one of several processes, and the first one writes.
    """
    if gpus > 1 and ranks.size == 1:
        arguments = {name: value for name, value in locals().items() if name != "ranks"}
        arguments["threads"] = max(1, threads // gpus)
        launch("train.train", gpus, device, arguments)
        return
    chosen = ranks.device or choose(device, threads)
    data = load.split(facts, "train", chosen, **normalisation, workers=threads)
    rows, _ = load.labelled_rows(labelled)
    built = load.network(network, data, stream(seed, "weights", round))
    if encoder:
        load.encoder(encoder, built)
    values = load.recipe(recipe)
    precision = precision_for(built, chosen, values.precision, quiet=ranks.rank > 0)
    values = replace(values, precision=precision.name)
    identity = {
        "recipe": {**recipe, "precision": values.precision},
        "network": dict(network),
        "normalisation": dict(normalisation),
        "labelled set": load.digest(rows),
        "encoder": load.digest(Path(encoder).read_bytes()) if encoder else None,
        "seed": seed,
        "round": round,
        "code version": code,
        "device": chosen.type,
        "number of GPUs": gpus,
    }
    checkpoint = load.checkpoint(model, facts, checkpoint_every_s, identity)

    def epochs(epoch: int) -> Generator:
        return stream(seed, f"epoch {epoch}", round)

    test = load.split(facts, "test", chosen, **normalisation, workers=threads)
    if isinstance(data.images, Images):
        record = supervised.train(built, data.images, data.labels, rows, values, epochs, where, checkpoint)
    else:
        record = streamed.train(built, data.images, data.labels.cpu(), rows, values, epochs, ranks, where, checkpoint)
    outputs = ranks.gather(lambda part: predict(built, test.images, part), len(test.images))
    if ranks.rank:
        return
    probs = outputs.logits.double().softmax(1).cpu().numpy()
    source = provenance(
        code,
        device=describe(chosen),
        threads=threads,
        gpus=gpus,
        recipe={**recipe, "precision": values.precision},
        seed=seed,
        round=round,
    )
    storage.write_tensors(model, built.state_dict(), source)
    epochs_seen = {name: np.asarray(values) for name, values in vars(record).items()}
    peak = np.full(len(record.wall_s), peak_memory_mb(chosen))  # of the whole job, in every row
    storage.write_columns(history, {**epochs_seen, "peak_memory_mb": peak}, source)
    numbers = metrics.score_all(metric_options, probs, test.labels.cpu().numpy(), test.classes)
    storage.write_json(scores, {"labels": len(rows), "metrics": numbers, "provenance": source})
    checkpoint.remove()
