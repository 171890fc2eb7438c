"""The sources of data: one module each, whose ``read(*, options)`` describes raw files as a `Source`.

`prepare` turns any source into the prepared form: a uint8 array per split, an index, and facts about both.
Knows nothing about models.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from altools import plugins, storage
from altools.errors import UserError
from altools.progress import progress

SPLITS = ("train", "test")
PARALLEL_FROM = 2000  # images; below that, starting processes costs more than it saves
CHUNK = 256


@dataclass(frozen=True, kw_only=True)
class Split:
    """The images of one split, in their final order."""

    ids: Sequence[str]
    """The publisher's name of each image."""
    labels: Sequence[int]
    """Index into `Source.classes`."""
    items: Sequence[Any]
    """What `Source.decode` takes, picklable: a path, or the pixels themselves."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Raw files understood: what there is and how to decode it."""

    classes: Sequence[str]
    shape: tuple[int, int, int]
    """Channels, height, width of every prepared image."""
    train: Split
    test: Split
    decode: Callable[[Any], np.ndarray]
    """A module-level function (or a partial of one): item to uint8 pixels of ``shape``."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 (or the publisher's sum) of the files that were verified, by name."""


def read(name: str, options: Mapping[str, Any]) -> Source:
    """Ask a source module for its `Source`."""
    return importlib.import_module(plugins.describe(name, __name__, "read").module).read(**options)


def prepare(source: Source, folder: Path, train_images: int, provenance: storage.Provenance) -> None:
    """Write ``{train,test}/images.npy``, ``{train,test}/index.parquet`` and ``dataset.json`` under ``folder``.

    Args:
        source: the raw data.
        folder: where to write; each file appears when it is complete, ``dataset.json`` last.
        train_images: the number the config promises.
        provenance: recorded in every file.

    Raises:
        UserError: counts differ, a class is empty, or images cannot be decoded (all are named at once).
    """
    _check(source, train_images)
    facts = {}
    for name in SPLITS:
        split: Split = getattr(source, name)
        with storage.new_array(folder / name / "images.npy", (len(split.items), *source.shape)) as array:
            histogram = _decode(source, split, array, name)
        storage.write_columns(
            folder / name / "index.parquet",
            {"id": np.asarray(split.ids, dtype=object), "label": np.asarray(split.labels, dtype=np.int64)},
            provenance,
        )
        counts = np.bincount(split.labels, minlength=len(source.classes)).tolist()
        facts[name] = {"images": len(split.items), "per_class": dict(zip(source.classes, counts, strict=True))}
        if name == "train":
            mean, std = _moments(histogram)
    storage.write_json(
        folder / "dataset.json",
        {
            "classes": list(source.classes),
            "shape": list(source.shape),
            **facts,
            "mean": mean,
            "std": std,
            "checksums": dict(source.checksums),
            "provenance": dict(provenance),
        },
    )


def _check(source: Source, train_images: int) -> None:
    if len(source.train.items) != train_images:
        raise UserError(
            f"train_images must equal the number of training images. The config says {train_images}, "
            f"the source has {len(source.train.items)}; correct the config."
        )
    if len(source.classes) < 2:
        raise UserError(f"a dataset needs at least 2 classes. Got {list(source.classes)}.")
    counts = np.bincount(source.train.labels, minlength=len(source.classes))
    empty = [name for name, count in zip(source.classes, counts, strict=True) if not count]
    if empty:
        raise UserError(f"every class needs training images. Got none for {', '.join(empty)}.")
    if not len(source.test.items):
        raise UserError("the test split must hold images. Got none.")


def _decode(source: Source, split: Split, array: np.ndarray, name: str) -> np.ndarray:
    """Fill ``array`` and return the histogram of pixel values per channel, (c, 256)."""
    histogram = np.zeros((source.shape[0], 256), dtype=np.int64)
    failures: list[str] = []
    starts = range(0, len(split.items), CHUNK)
    chunks = (
        (source.decode, source.shape, split.items[start : start + CHUNK], split.ids[start : start + CHUNK])
        for start in starts
    )
    done = _map(_decode_chunk, chunks, parallel=len(split.items) >= PARALLEL_FROM)
    for start, (pixels, failed) in zip(starts, progress(done, len(starts), "chunk", f"decode {name}"), strict=True):
        failures += failed
        array[start : start + len(pixels)] = pixels
        for channel in range(source.shape[0]):
            histogram[channel] += np.bincount(pixels[:, channel].ravel(), minlength=256)
    if failures:
        shown = "; ".join(failures[:5])
        raise UserError(
            f"every image must be readable. Got {len(failures)} bad of {len(split.items)} in {name}: {shown}; "
            "repair or remove them."
        )
    return histogram


def _decode_chunk(job: tuple[Any, ...]) -> tuple[np.ndarray, list[str]]:
    decode, shape, items, ids = job
    pixels = np.zeros((len(items), *shape), dtype=np.uint8)
    failed = []
    for position, (item, name) in enumerate(zip(items, ids, strict=True)):
        try:
            image = decode(item)
            if image.shape != shape or image.dtype != np.uint8:
                raise ValueError(f"shape {image.shape} {image.dtype}, expected {shape} uint8")
            pixels[position] = image
        except (OSError, ValueError, SyntaxError) as error:
            failed.append(f"{name} ({str(error).splitlines()[0] if str(error) else type(error).__name__})")
    return pixels, failed


def _map(work: Callable[[Any], Any], jobs: Iterator[Any], *, parallel: bool) -> Iterator[Any]:
    """Map in order over all cores, with few results waiting, so that memory stays bounded."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not parallel or workers == 1:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        waiting = [executor.submit(work, job) for job in islice(jobs, 3 * workers)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [executor.submit(work, job) for job in islice(jobs, 1)]


def _moments(histogram: np.ndarray) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation per channel of pixels in 0..1, exact from integer counts."""
    values = np.arange(256) / 255
    total = histogram.sum(1)
    mean = histogram @ values / total
    variance = histogram @ values**2 / total - mean**2
    # A constant channel must not divide by zero.
    std = np.sqrt(np.where(variance > 1e-12, variance, 1.0))
    return [round(float(v), 6) for v in mean], [round(float(v), 6) for v in std]
