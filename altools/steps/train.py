"""Step: train the task model of one round from scratch, and test it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor

from altools import metrics as scoring
from altools import models, storage
from altools.config.recipes import ModelSpec, Recipe
from altools.data.images import Images
from altools.data.labelled import Labelled, read_labelled
from altools.data.prepared import Split, Splits, load_splits
from altools.models import Classifier
from altools.rng import stream
from altools.runtime import checkpoint as checkpoints
from altools.runtime.device import choose, describe, peak_memory_mb
from altools.runtime.job import Job
from altools.training import supervised
from altools.training.fit import Checkpoint, History
from altools.training.precision import precision_for
from altools.training.predict import predict


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Files that are read."""

    dataset_info: str
    pixels: Sequence[str]
    labelled: str
    encoder: Sequence[str] = ()
    """Weights that the backbone starts from, in every round; none where it starts from fresh ones."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files that are written."""

    model: str
    history: str
    scores: str


class Trained(NamedTuple):
    """A trained and tested network."""

    model: Classifier
    history: History
    test_probs: Float[np.ndarray, "n c"]
    """Class probabilities of the test images, float64."""
    recipe: Recipe
    """With the precision that was used."""


def train(
    inputs: Inputs,
    outputs: Outputs,
    model: ModelSpec,
    recipe: Recipe,
    metrics: Mapping[str, Mapping[str, Any]],
    job: Job,
) -> None:
    """Train on the labelled images, test the last epoch's weights, write model, history and scores.

    Args:
        inputs: files that are read.
        outputs: files that are written.
        model: network and normalisation.
        recipe: how to train.
        metrics: options of each metric.
        job: who computes.
    """
    device = choose(job.device, job.threads)
    data = load_splits(inputs.dataset_info, device, model)
    labelled = read_labelled(inputs.labelled)
    encoder = storage.read_tensors(inputs.encoder[0]) if inputs.encoder else None
    source = job.provenance(device=describe(device), threads=job.threads)
    checkpoint = checkpoints.beside(outputs.model, source, job.seed, device)

    trained = train_and_test(data, labelled, model, recipe, job, encoder, checkpoint)

    numbers = scoring.score_all(metrics, trained.test_probs, data.test.labels.cpu().numpy(), data.test.classes)
    write(trained, len(labelled.rows), numbers, outputs, source, device)
    checkpoint.remove()


def train_and_test(
    data: Splits,
    labelled: Labelled,
    model: ModelSpec,
    recipe: Recipe,
    job: Job,
    encoder: Mapping[str, Tensor] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Train a network on the labelled images and ask it about the test images.

    The random streams depend on seed and round alone: with the same labelled set every strategy gets the same model.

    Args:
        data: training and test images.
        labelled: which training images are labelled.
        model: network to build.
        recipe: how to train.
        job: gives seed, round and name.
        encoder: weights of the backbone before training; fresh ones where None.
        checkpoint: where a killed training continues from.
    """
    assert isinstance(data.train.images, Images)  # images that stay encoded have a step of their own
    network = start(data.train, model, job, encoder)
    recipe = replace(recipe, precision=precision_for(network, data.train.images.device, recipe.precision).name)

    def streams(epoch: int) -> Generator:
        return stream(job.seed, f"epoch {epoch}", job.round)

    history = supervised.train(
        network, data.train.images, data.train.labels, labelled.rows, recipe, streams, job.name, checkpoint
    )
    probs = predict(network, data.test.images).logits.double().softmax(1).cpu().numpy()
    return Trained(network, history, probs, recipe)


def start(data: Split, model: ModelSpec, job: Job, encoder: Mapping[str, Tensor] | None) -> Classifier:
    """Return the network of a round before its training, on the data's device."""
    network = models.build(model, data.channels, len(data.classes), stream(job.seed, "weights", job.round))
    network.to(data.images.device)
    if encoder is not None:
        network.backbone.load_state_dict(encoder)
    return network


def write(
    trained: Trained,
    labels: int,
    numbers: Mapping[str, float],
    outputs: Outputs,
    source: Mapping[str, Any],
    device: torch.device,
) -> None:
    """Write a trained network, its history and its scores."""
    source = {**source, "precision": trained.recipe.precision}
    storage.write_tensors(outputs.model, trained.model.state_dict(), source)
    columns = trained.history.arrays()
    peak = np.full(len(columns["epoch"]), peak_memory_mb(device))  # of the whole job, in every row
    storage.write_columns(outputs.history, {**columns, "peak_memory_mb": peak}, source)
    storage.write_json(outputs.scores, {"labels": labels, "metrics": numbers, "provenance": source})
