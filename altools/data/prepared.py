"""Read prepared datasets: pixels memory-mapped, or a split on a device, ready for a network."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from altools import storage
from altools.config.recipes import ModelSpec
from altools.data.images import Images, ImageSet
from altools.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Split:
    """The training or the test images of a dataset, on a device."""

    images: ImageSet
    labels: Int[Tensor, " n"]
    info: Mapping[str, Any]
    """Content of ``dataset.json``."""

    @property
    def classes(self) -> list[str]:
        """Class names in index order."""
        return self.info["classes"]

    @property
    def channels(self) -> int:
        """Channels of an image."""
        return int(self.info["shape"][0])


class Splits(NamedTuple):
    """Both parts of a dataset, on a device."""

    train: Split
    test: Split


def pixels(folder: Path, split: str) -> np.ndarray:
    """Open the prepared images of a split, memory-mapped; verify their checksum.

    Args:
        folder: the dataset's folder, which holds ``dataset.json``.
        split: "train" or "test".

    Returns:
        uint8 array (n, c, h, w), read-only.
    """
    checksum = storage.read_json(folder / "dataset.json")[split]["images_crc32"]
    return storage.open_array(folder / split / "images.npy", checksum)


def load_split(dataset_info: str, name: str, device: torch.device, model: ModelSpec, threads: int = 1) -> Split:
    """Load the training or the test images of a prepared dataset onto a device.

    Args:
        dataset_info: path of its ``dataset.json``.
        name: "train" or "test".
        device: where pixels and labels go.
        model: its mean and std normalise the images; the dataset's own where they are None.
        threads: threads that decode images which stay encoded.

    Raises:
        UserError: mean or std do not fit the channels, or the files contradict each other.
    """
    info = storage.read_json(dataset_info)
    folder = Path(dataset_info).parent
    mean, std = _normalisation(info, model)
    if info.get("encoded_in"):
        # Imported by name: only the fingerprint of datasets with encoded images covers it (`altools.plan`).
        encoded = importlib.import_module("altools.data.encoded")
        index = storage.read_columns(folder / name / "index.parquet", ["id", "label"])
        place, ids = Path(info["encoded_in"]), index["id"].tolist()
        images: ImageSet = encoded.EncodedImages.on(device, place, ids, info["shape"], mean, std, threads)
    else:
        index = storage.read_columns(folder / name / "index.parquet", ["label"])
        array = pixels(folder, name)
        expected = (info[name]["images"], *info["shape"])
        if array.shape != expected or len(index["label"]) != expected[0]:
            raise UserError(
                f"{folder / name} must hold {expected} images. Got {array.shape}; delete the folder and run again."
            )
        images = Images.on(device, torch.from_numpy(array.copy()), mean, std)
    return Split(images=images, labels=torch.from_numpy(index["label"].copy()).to(device), info=info)


def load_splits(dataset_info: str, device: torch.device, model: ModelSpec, threads: int = 1) -> Splits:
    """Load both parts of a prepared dataset; the arguments are those of `load_split`."""
    return Splits(*(load_split(dataset_info, name, device, model, threads) for name in ("train", "test")))


def _normalisation(info: Mapping[str, Any], model: ModelSpec) -> tuple[list[float], list[float]]:
    channels = info["shape"][0]
    mean, std = model.mean or info["mean"], model.std or info["std"]
    if mean is None or std is None or len(mean) != channels or len(std) != channels:
        raise UserError(f"mean and std must have one value per channel ({channels}). Got {mean} and {std}.")
    return list(mean), list(std)
