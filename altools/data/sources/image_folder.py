"""Any data set laid out as ``train/<class>/*`` and ``test/<class>/*`` image files.

Classes are the folder names of ``train/``, sorted. Files that systems leave behind (``.DS_Store``, ``Thumbs.db``,
anything that starts with a dot) are ignored; every other file must be an image that Pillow reads.
"""

from __future__ import annotations

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge
from PIL import ImageOps

from altools.data.raw.pixels import opened, pixels_of
from altools.data.sources import SPLITS, Source, Split
from altools.errors import UserError

LEFT_BEHIND = {"thumbs.db", "desktop.ini", "__macosx"}


def read(
    *,
    path: str,
    size: Annotated[int, Ge(1)],
    channels: Literal[1, 3] = 3,
) -> Source:
    """Describe a folder of class folders.

    Args:
        path: the folder that holds ``train/`` and ``test/``.
        size: prepared images are size x size pixels; others are resized with antialiasing, aspect ratio lost.
        channels: 1 converts to grey, 3 to RGB.

    Raises:
        UserError: a missing folder, a class without images, or a test class that training lacks.
    """
    root = Path(path).expanduser()
    folders = {split: _class_folders(root / split) for split in SPLITS}
    classes = sorted(folders["train"])
    unknown = sorted(set(folders["test"]) - set(classes))
    if unknown:
        raise UserError(
            f"every class of {root / 'test'} must also be in {root / 'train'}. Got only in test: {', '.join(unknown)}."
        )
    splits = {split: _split(root / split, folders[split], classes) for split in SPLITS}
    return Source(
        classes=classes,
        shape=(channels, size, size),
        train=splits["train"],
        test=splits["test"],
        decode=partial(decode, size=size, channels=channels),
    )


def decode(content: BytesIO, *, size: int, channels: int) -> np.ndarray:
    """Read an encoded image as (channels, size, size) uint8 pixels, turned as its EXIF data say."""
    with opened(content) as image:
        return pixels_of(ImageOps.exif_transpose(image), size=size, channels=channels)


def _class_folders(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UserError(f"{folder} must be a folder of class folders. It does not exist; check options.path.")
    return {entry.name: entry for entry in folder.iterdir() if entry.is_dir() and not left_behind(entry)}


def _split(folder: Path, folders: dict[str, Path], classes: list[str]) -> Split:
    ids, labels, items = [], [], []
    for label, name in enumerate(classes):
        files = sorted(_files(folders[name])) if name in folders else []
        if name in folders and not files:
            raise UserError(f"every class folder needs images. {folders[name]} is empty; fill or remove it.")
        ids += [file.relative_to(folder).as_posix() for file in files]
        labels += [label] * len(files)
        items += files
    return Split(ids=ids, labels=labels, items=items)


def _files(folder: Path) -> list[Path]:
    return [entry for entry in folder.rglob("*") if entry.is_file() and not left_behind(entry)]


def left_behind(path: Path) -> bool:
    """Whether a file or folder is one that operating systems leave behind."""
    return path.name.startswith(".") or path.name.lower() in LEFT_BEHIND
