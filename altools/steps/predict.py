"""Step: compute the outputs of a model that many queries share, for the whole training set, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from altools import models, storage
from altools.config.recipes import ModelSpec
from altools.data.prepared import load_split
from altools.runtime.device import choose, describe
from altools.runtime.job import Job
from altools.training import predict as prediction


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Files that are read."""

    dataset_info: str
    pixels: Sequence[str]
    model: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files that are written."""

    model_outputs: str


def predict(inputs: Inputs, outputs: Outputs, model: ModelSpec, job: Job) -> None:
    """Write logits (n, c) and embeddings (n, d) of all training images."""
    device = choose(job.device, job.threads)
    data = load_split(inputs.dataset_info, "train", device, model, job.threads)
    network = models.restore(model, data.channels, len(data.classes), storage.read_tensors(inputs.model), device)

    values = prediction.predict(network, data.images)

    source = job.provenance(device=describe(device), threads=job.threads)
    storage.write_tensors(outputs.model_outputs, values._asdict(), source)
