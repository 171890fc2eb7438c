"""Step: pre-train the encoder of one dataset and seed with SimSiam, on the training images without their labels."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from altools import storage
from altools.device import choose, describe
from altools.images import Images
from altools.rng import stream
from altools.steps import load
from altools.steps.job import provenance
from altools.training import simsiam
from altools.training.checkpoint import EVERY_S
from altools.training.knn import Monitor
from altools.training.precision import precision_for


def pretrain(
    *,
    facts: str,
    encoder: str,
    history: str,
    metrics: str,
    network: Mapping[str, Any],
    normalisation: Mapping[str, Any],
    recipe: Mapping[str, Any],
    seed: int,
    device: str,
    threads: int,
    where: str,
    code: str,
    checkpoint_every_s: float = EVERY_S,
) -> None:
    """Write the encoder's weights, the history, and how good it is; the test split is never opened.

    The training labels reach the nearest-neighbour monitor only.
    """
    chosen = choose(device, threads)
    data = load.split(facts, "train", chosen, **normalisation)
    assert isinstance(data.images, Images)  # the config refuses this setting for images that stay encoded
    built = load.network(network, data, stream(seed, "pretrain weights"))
    values = load.pretrain_recipe(recipe)
    values = replace(values, precision=precision_for(built, chosen, values.precision).name)
    recipe = {**recipe, "precision": values.precision}
    monitor = Monitor.draw(data.images, data.labels, values.neighbours, stream(seed, "pretrain held out"))
    untrained = monitor.measure(built)
    identity = {
        "recipe": recipe,
        "network": dict(network),
        "normalisation": dict(normalisation),
        "seed": seed,
        "code version": code,
        "device": chosen.type,
    }
    checkpoint = load.checkpoint(encoder, facts, checkpoint_every_s, identity)
    record = simsiam.pretrain(
        built,
        data.images,
        values,
        lambda purpose: stream(seed, f"pretrain {purpose}"),
        monitor,
        checkpoint,
        where,
    )
    collapsed = simsiam.collapsed(record, values)
    if collapsed:
        print(
            f"Warning: the projections have collapsed ({where}): their standard deviation is "
            f"{record.projection_std[-1]:.3g}, an even spread has {values.width**-0.5:.3g}; the encoder is of little "
            "use. Try another pretrain.learning_rate or a larger pretrain.batch_size.",
            file=sys.stderr,
        )
    source = provenance(code, device=describe(chosen), threads=threads, recipe=recipe, seed=seed)
    storage.write_tensors(encoder, built.backbone.state_dict(), source)
    storage.write_columns(history, {name: np.asarray(column) for name, column in vars(record).items()}, source)
    storage.write_json(
        metrics,
        {
            "knn_accuracy": {"untrained": untrained, "pretrained": record.knn_accuracy[-1]},
            "loss": record.loss[-1],
            "projection_std": record.projection_std[-1],
            "even_projection_std": values.width**-0.5,
            "collapsed": collapsed,
            "provenance": source,
        },
    )
    checkpoint.remove()
