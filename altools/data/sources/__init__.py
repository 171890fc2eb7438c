"""The sources of data: one module each, whose ``read(*, options)`` describes raw files as a `Source`.

`altools.data.prepared` turns any source into files. Knows nothing about models.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from altools.config import plugins

SPLITS = ("train", "test")


@dataclass(frozen=True, kw_only=True)
class Split:
    """The images of one split, in their final order."""

    ids: Sequence[str]
    """The publisher's name of each image."""
    labels: Sequence[int]
    """Index into `Source.classes`."""
    items: Sequence[Any] | np.ndarray = ()
    """One per image, picklable: a file or a member of an archive, or what `Source.decode` takes. None where images
    stay encoded."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Raw files understood: what there is and how to decode it."""

    classes: Sequence[str]
    shape: tuple[int, int, int]
    """Channels, height, width of every prepared image."""
    train: Split
    test: Split
    decode: Callable[[Any], np.ndarray] | None
    """A module-level function (or a partial of one): item to uint8 pixels of ``shape``. Where items are files it gets
    the content, an ``io.BytesIO``: a file is read once, for its checksum and its pixels.

    None for data too large for an array: only the index is written, and the images stay in ``encoded_in``."""
    encoded_in: str = ""
    """The folder in which each id is the path of an encoded image."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """Checksums of the files that were verified or measured, by name; those of items that are files are added."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What a reader of the raw files found worth knowing; plain JSON values for ``dataset.json``."""
    attachments: Mapping[str, str] = field(default_factory=dict)
    """Text files to be written beside ``dataset.json``, by name."""


def read(name: str, options: Mapping[str, Any]) -> Source:
    """Ask a source module for its `Source`."""
    return importlib.import_module(plugins.describe(name, __name__, "read").module).read(**options)
