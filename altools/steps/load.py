"""Artefacts back into the things the library computes with: images on a device, a trained network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from altools import models, prepared, storage
from altools.encoded import EncodedImages
from altools.errors import UserError
from altools.images import Images
from altools.models import Classifier
from altools.training.checkpoint import Checkpoint
from altools.training.pretrain_recipe import PretrainRecipe, Views
from altools.training.recipe import Augmentation, Recipe


@dataclass(frozen=True, kw_only=True)
class Split:
    """A prepared split on a device."""

    images: Images | EncodedImages
    labels: Tensor
    facts: Mapping[str, Any]

    @property
    def classes(self) -> list[str]:
        """Class names in index order."""
        return self.facts["classes"]


def split(
    facts: str,
    name: str,
    device: torch.device,
    mean: list[float] | None,
    std: list[float] | None,
    workers: int = 1,
) -> Split:
    """Load ``train`` or ``test`` of a prepared dataset.

    Args:
        facts: path of its ``dataset.json``.
        name: "train" or "test".
        device: where pixels and labels go.
        mean: per channel; the dataset's own where None.
        std: likewise.
        workers: threads that decode images which stay encoded.
    """
    record = storage.read_json(facts)
    folder = Path(facts).parent / name
    encoded = record.get("encoded_in")
    index = storage.read_columns(folder / "index.parquet", ["id", "label"] if encoded else ["label"])
    labels = torch.from_numpy(index["label"].copy()).to(device)
    channels = record["shape"][0]
    mean, std = mean or record["mean"], std or record["std"]
    if mean is None or std is None or len(mean) != channels or len(std) != channels:
        raise UserError(f"mean and std must have one value per channel ({channels}). Got {mean} and {std}.")
    images: Images | EncodedImages
    if encoded:
        images = EncodedImages.on(device, Path(encoded), index["id"].tolist(), record["shape"], mean, std, workers)
    else:
        pixels = prepared.pixels(folder.parent, name)
        expected = (record[name]["images"], *record["shape"])
        if pixels.shape != expected or len(labels) != expected[0]:
            raise UserError(
                f"{folder} must hold {expected} images. Got {pixels.shape}; delete the folder and run again."
            )
        images = Images.on(device, torch.from_numpy(pixels.copy()), mean, std)
    return Split(images=images, labels=labels, facts=record)


def network(model: Mapping[str, Any], data: Split, rng: Generator) -> Classifier:
    """Build the configured network with fresh weights on the data's device."""
    built = models.build(model["name"], int(data.facts["shape"][0]), len(data.classes), rng, **model["options"])
    return built.to(data.images.device)


def trained(path: str, model: Mapping[str, Any], data: Split) -> Classifier:
    """Load a trained network, ready to predict."""
    built = network(model, data, Generator())
    built.load_state_dict(storage.read_tensors(path))
    return built.eval()


def encoder(path: str, into: Classifier) -> None:
    """Put pre-trained weights into the backbone of a fresh network; its classifier stays as drawn."""
    into.backbone.load_state_dict(storage.read_tensors(path))


def labelled_rows(path: str) -> tuple[Tensor, Tensor]:
    """Read a labelled set: rows (int64) and the round each was labelled in (int16)."""
    columns = storage.read_columns(path, ["index", "round"])
    return torch.from_numpy(columns["index"].copy()), torch.from_numpy(columns["round"].copy())


def recipe(values: Mapping[str, Any]) -> Recipe:
    """Rebuild a recipe from the plain mapping in a rule's params."""
    return Recipe(**{**values, "augmentation": Augmentation(**values["augmentation"])})


def pretrain_recipe(values: Mapping[str, Any]) -> PretrainRecipe:
    """Rebuild a pre-training recipe from the plain mapping in a rule's params."""
    return PretrainRecipe(**{**values, "views": Views(**values["views"])})


def checkpoint(output: str, facts: str, every_s: float, identity: Mapping[str, Any]) -> Checkpoint:
    """Return the checkpoint of a job, a hidden file beside its main output.

    Args:
        output: path of that output.
        facts: path of the dataset's ``dataset.json``.
        every_s: seconds between two saves.
        identity: what besides the dataset must be equal for the job to go on, by its name in messages.
    """
    content = b"".join(
        Path(facts).parent.joinpath(name).read_bytes() for name in ("dataset.json", "train/index.parquet")
    )
    return Checkpoint(
        path=Path(output).parent / ".checkpoint.safetensors",
        identity={**identity, "dataset": digest(content), "torch version": torch.__version__},
        every_s=every_s,
    )


def digest(content: bytes | Tensor) -> str:
    """Return a short hash of bytes, or of a tensor's."""
    data = content if isinstance(content, bytes) else content.cpu().numpy().tobytes()
    return blake2b(data, digest_size=8).hexdigest()
