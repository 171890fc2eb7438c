"""Step: pre-train the encoder of one dataset and seed with SimSiam, on the training images without their labels."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from altools import models, storage
from altools.config.recipes import ModelSpec, PretrainRecipe
from altools.data.images import Images
from altools.data.prepared import Split, load_split
from altools.models import Classifier
from altools.rng import stream
from altools.runtime import checkpoint as checkpoints
from altools.runtime.device import choose, describe
from altools.runtime.job import Job
from altools.training import simsiam
from altools.training.fit import Checkpoint, History
from altools.training.knn import Monitor
from altools.training.precision import precision_for


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Files that are read; the test images are none of them."""

    dataset_info: str
    pixels: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files that are written."""

    encoder: str
    history: str
    metrics: str


class Pretrained(NamedTuple):
    """A pre-trained encoder."""

    model: Classifier
    history: History
    untrained_accuracy: float
    """Accuracy of the nearest neighbours before training."""
    recipe: PretrainRecipe
    """With the precision that was used."""


def pretrain(inputs: Inputs, outputs: Outputs, model: ModelSpec, recipe: PretrainRecipe, job: Job) -> None:
    """Write the encoder's weights, the history, and how good the encoder is."""
    device = choose(job.device, job.threads)
    data = load_split(inputs.dataset_info, "train", device, model)
    source = job.provenance(device=describe(device), threads=job.threads)
    checkpoint = checkpoints.beside(outputs.encoder, source, job.seed, device)

    trained = pretrained_encoder(data, model, recipe, job, checkpoint)

    source["precision"] = trained.recipe.precision
    storage.write_tensors(outputs.encoder, trained.model.backbone.state_dict(), source)
    storage.write_columns(outputs.history, trained.history.arrays(), source)
    storage.write_json(outputs.metrics, {**_summary(trained, job.name), "provenance": source})
    checkpoint.remove()


def pretrained_encoder(
    data: Split, model: ModelSpec, recipe: PretrainRecipe, job: Job, checkpoint: Checkpoint | None = None
) -> Pretrained:
    """Train an encoder without labels; labels reach the nearest-neighbour monitor only.

    Args:
        data: training images.
        model: network whose backbone is the encoder.
        recipe: how to train.
        job: gives seed and name.
        checkpoint: where a killed training continues from.
    """
    assert isinstance(data.images, Images)  # the config refuses pre-training on images that stay encoded
    network = models.build(model, data.channels, len(data.classes), stream(job.seed, "pretrain weights"))
    network.to(data.images.device)
    recipe = replace(recipe, precision=precision_for(network, data.images.device, recipe.precision).name)
    monitor = Monitor.draw(data.images, data.labels, recipe.neighbours, stream(job.seed, "pretrain held out"))
    untrained = monitor.measure(network)
    history = simsiam.pretrain(
        network,
        data.images,
        recipe,
        lambda purpose: stream(job.seed, f"pretrain {purpose}"),
        monitor,
        checkpoint,
        job.name,
    )
    return Pretrained(network, history, untrained, recipe)


def _summary(trained: Pretrained, job_name: str) -> dict[str, Any]:
    """Return how the pre-training ended, and warn where the encoder is of little use."""
    last = {name: values[-1] for name, values in trained.history.columns.items()}
    even = trained.recipe.width**-0.5
    collapsed = simsiam.collapsed(last["projection_std"], trained.recipe)
    if collapsed:
        print(
            f"Warning: the projections have collapsed ({job_name}). Their standard deviation is "
            f"{last['projection_std']:.3g}, that of an even spread is {even:.3g}, so the encoder is of little use. "
            "Try another pretrain.learning_rate or a larger pretrain.batch_size.",
            file=sys.stderr,
        )
    return {
        "knn_accuracy": {"untrained": trained.untrained_accuracy, "pretrained": last["knn_accuracy"]},
        "loss": last["loss"],
        "projection_std": last["projection_std"],
        "even_projection_std": even,
        "collapsed": collapsed,
    }
