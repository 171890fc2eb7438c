"""ImageNet (ILSVRC2012): 1,281,167 train and 50,000 validation images in 1,000 classes; index only.

160 GB do not fit a device, so nothing is decoded: ``index.parquet`` names every file and its label, ``dataset.json``
says in which folder they are, and the images stay as they are published. The validation images are the test split.

Reference: Russakovsky et al., 2015, "ImageNet large scale visual recognition challenge", IJCV 115(3).
Licence: on personal registration, for non-commercial research.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

from annotated_types import Ge

from altools.data.raw import published
from altools.data.sources import Source, Split
from altools.errors import UserError
from altools.runtime import parallel
from altools.runtime.progress import progress

ENCODED = True
CLASSES = 1000
IMAGES = {"train": 1_281_167, "val": 50_000}
FOLDER = re.compile(r"n\d{8}")
OBTAIN = "ILSVRC2012 train and val from https://image-net.org (registration needed), both sorted into class folders"


def read(*, path: str, size: Annotated[int, Ge(1)] = 224, complete: bool = True) -> Source:
    """Describe ILSVRC2012.

    Args:
        path: the folder that holds ``train/`` and ``val/``, each with a folder per class (``n01440764``).
        size: images are size x size pixels when they are decoded, on the way to the network.
        complete: the published number of classes and images must be there.
    """
    root = published.located(path, what="the folder that holds train/ and val/ of ILSVRC2012", obtain=OBTAIN)
    folders = {part: _class_folders(root / part) for part in IMAGES}
    classes = [folder.name for folder in folders["train"]]
    if [folder.name for folder in folders["val"]] != classes or (complete and len(classes) != CLASSES):
        raise UserError(
            f"train and val of {root} must hold the same {CLASSES} class folders. "
            f"Got {len(classes)} and {len(folders['val'])}; sort the validation images into class folders."
        )
    train, test = (_split(part, folders[part]) for part in IMAGES)
    if complete:
        published.check_counts({"train": len(train.ids), "val": len(test.ids)}, IMAGES, str(root))
    return Source(
        classes=classes,
        shape=(3, size, size),
        train=train,
        test=test,
        decode=None,
        encoded_in=str(root),
        notes={"test": "the validation images"},
    )


def names(folder: Path) -> list[str]:
    """Return the names of the images of a class, sorted."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name.lower().endswith((".jpeg", ".jpg", ".png")))


def _class_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UserError(f"{folder} must be a folder of class folders. It does not exist; get it: {OBTAIN}.")
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and FOLDER.fullmatch(entry.name))


def _split(part: str, folders: list[Path]) -> Split:
    found = progress(parallel.each(names, folders), len(folders), "classes", f"list {part}")
    ids, labels = [], []
    for label, (folder, files) in enumerate(zip(folders, found, strict=True)):
        ids += [f"{part}/{folder.name}/{file}" for file in files]
        labels += [label] * len(files)
    return Split(ids=ids, labels=labels)
