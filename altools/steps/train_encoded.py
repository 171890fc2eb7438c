"""Step: train the task model of one round on images that stay encoded, with one GPU or with several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from torch import Generator, Tensor

from altools import metrics as scoring
from altools import storage
from altools.config.recipes import ModelSpec, Recipe
from altools.data.encoded import EncodedImages
from altools.data.labelled import Labelled, read_labelled
from altools.data.prepared import Splits, load_splits
from altools.rng import stream
from altools.runtime import checkpoint as checkpoints
from altools.runtime.device import choose, describe
from altools.runtime.job import Job
from altools.steps.train import Inputs, Outputs, Trained, start, write
from altools.training import streamed
from altools.training.fit import Checkpoint
from altools.training.precision import precision_for
from altools.training.predict import predict
from altools.training.ranks import ALONE, Ranks


def train(
    inputs: Inputs,
    outputs: Outputs,
    model: ModelSpec,
    recipe: Recipe,
    metrics: Mapping[str, Mapping[str, Any]],
    job: Job,
    process_group: str | None = None,
) -> None:
    """Train on the labelled images, test the last epoch's weights, write model, history and scores.

    Args:
        inputs: files that are read.
        outputs: files that are written.
        model: network and normalisation.
        recipe: how to train.
        metrics: options of each metric.
        job: who computes. With several GPUs this process launches one per GPU, each of which calls this step.
        process_group: "cuda" or "cpu" in a launched process; rank 0 writes.
    """
    if job.gpus > 1 and process_group is None:
        _launch(inputs, outputs, job)
        return
    ranks = Ranks.join(process_group) if process_group else ALONE
    device = ranks.device or choose(job.device, job.threads)
    data = load_splits(inputs.dataset_info, device, model, job.threads)
    labelled = read_labelled(inputs.labelled)
    encoder = storage.read_tensors(inputs.encoder[0]) if inputs.encoder else None
    source = job.provenance(device=describe(device), threads=job.threads)
    checkpoint = checkpoints.beside(outputs.model, source, job.seed, device, writes=ranks.rank == 0)

    trained = train_and_test(data, labelled, model, recipe, job, encoder, checkpoint, ranks)

    if ranks.rank == 0:
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
    ranks: Ranks = ALONE,
) -> Trained:
    """Do what `altools.steps.train.train_and_test` does, on images that are decoded while the network trains.

    Args:
        data: training and test images.
        labelled: which training images are labelled.
        model: network to build.
        recipe: how to train.
        job: gives seed, round and name.
        encoder: weights of the backbone before training; fresh ones where None.
        checkpoint: where a killed training continues from.
        ranks: this process among those that train together.
    """
    assert isinstance(data.train.images, EncodedImages)
    network = start(data.train, model, job, encoder)
    precision = precision_for(network, data.train.images.device, recipe.precision, quiet=ranks.rank > 0)
    recipe = replace(recipe, precision=precision.name)

    def streams(epoch: int) -> Generator:
        return stream(job.seed, f"epoch {epoch}", job.round)

    history = streamed.train(network, data.train, labelled.rows, recipe, streams, ranks, job.name, checkpoint)
    outputs = ranks.gather(lambda rows: predict(network, data.test.images, rows), len(data.test.images))
    return Trained(network, history, outputs.logits.double().softmax(1).cpu().numpy(), recipe)


def _launch(inputs: Inputs, outputs: Outputs, job: Job) -> None:
    from altools.runtime.launch import launch  # its imports cost a second, which a job on one GPU does without

    request = {
        "step": job.step,
        "inputs": asdict(inputs),
        "outputs": asdict(outputs),
        "wildcards": dict(job.wildcards),
        "arguments": dict(job.arguments),
        "threads": max(1, job.threads // job.gpus),
    }
    launch(job.gpus, job.device, request)
