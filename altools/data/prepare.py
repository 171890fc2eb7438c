"""The prepared form of a dataset: a uint8 array per split, an index, and facts about both, made from any source.

Knows nothing about models.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from altools import storage
from altools.data.raw import archives
from altools.data.sources import SPLITS, Source, Split
from altools.errors import UserError, first_line
from altools.runtime import parallel
from altools.runtime.progress import progress

FILES = (Path, archives.Member)
CHUNK = 32  # images; small enough that all cores end at about the same time


def write(source: Source, folder: Path, train_images: int, provenance: storage.Provenance) -> None:
    """Write ``{train,test}/images.npy``, ``{train,test}/index.parquet`` and ``dataset.json`` under ``folder``.

    Args:
        source: the raw data.
        folder: where to write; the files appear when all images of both splits are decoded, ``dataset.json`` last.
        train_images: the number the config promises.
        provenance: recorded in every file.

    Raises:
        UserError: counts differ, a class is empty, or images cannot be decoded (all are named at once).
    """
    _check(source, train_images)
    _sweep(folder)
    facts: dict[str, Any] = {name: _counts(source.classes, getattr(source, name)) for name in SPLITS}
    if source.decode is None:
        facts["encoded_in"] = source.encoded_in
        found = Decoded(None, {})
        _write_indices(source, folder, provenance)
    else:
        with _decoded(source, folder) as found:
            _write_indices(source, folder, provenance)
        for name in SPLITS:
            facts[name]["images_crc32"] = storage.array_checksum(np.load(folder / name / "images.npy", mmap_mode="r"))
    mean, std = (
        (None, None) if found.sums is None else _moments(found.sums, len(source.train.ids) * prod(source.shape[1:]))
    )
    for name, text in source.attachments.items():
        storage.write_text(folder / name, text)
    storage.write_json(
        folder / "dataset.json",
        {
            "classes": list(source.classes),
            "shape": list(source.shape),
            **facts,
            "mean": mean,
            "std": std,
            "checksums": {**source.checksums, **found.checksums},
            "notes": dict(source.notes),
            "provenance": dict(provenance),
        },
    )


def _check(source: Source, train_images: int) -> None:
    if len(source.train.ids) != train_images:
        raise UserError(
            f"train_images must equal the number of training images. The config says {train_images}, "
            f"the source has {len(source.train.ids)}; correct the config."
        )
    if len(source.classes) < 2:
        raise UserError(f"a dataset needs at least 2 classes. Got {list(source.classes)}.")
    counts = np.bincount(source.train.labels, minlength=len(source.classes))
    empty = [name for name, count in zip(source.classes, counts, strict=True) if not count]
    if empty:
        raise UserError(f"every class needs training images. Got none for {', '.join(empty)}.")
    if not len(source.test.ids):
        raise UserError("the test split must hold images. Got none.")
    for name in SPLITS:
        ids = getattr(source, name).ids
        if len(set(ids)) < len(ids):
            twice = next(entry for entry, count in Counter(ids).items() if count > 1)
            raise UserError(f"every image must have a name of its own. Got {twice!r} twice in {name}.")


def _sweep(folder: Path) -> None:
    """Remove what a killed preparation left behind; names that start with a dot are never results."""
    for unfinished in folder.rglob(".*.tmp"):
        unfinished.unlink(missing_ok=True)


def _counts(classes: Sequence[str], split: Split) -> dict[str, Any]:
    counts = np.bincount(split.labels, minlength=len(classes)).tolist()
    return {"images": len(split.ids), "per_class": dict(zip(classes, counts, strict=True))}


def _write_indices(source: Source, folder: Path, provenance: storage.Provenance) -> None:
    for name in SPLITS:
        split: Split = getattr(source, name)
        columns = {"id": np.asarray(split.ids, dtype=object), "label": np.asarray(split.labels, dtype=np.int64)}
        storage.write_columns(folder / name / "index.parquet", columns, provenance)


class Decoded(NamedTuple):
    """What was seen while decoding."""

    sums: np.ndarray | None
    """Sum of the training pixels and of their squares per channel, (2, c)."""
    checksums: dict[str, str]


class _Chunk(NamedTuple):
    """Some images of one split, and the array that a worker writes them to itself."""

    split: str
    array: storage.NewArray
    start: int
    items: Sequence[Any] | np.ndarray
    ids: Sequence[str]
    shape: tuple[int, int, int]
    decode: Callable[[Any], np.ndarray]


@contextmanager
def _decoded(source: Source, folder: Path) -> Iterator[Decoded]:
    """Decode both splits; the arrays appear together, when the block ends well."""
    assert source.decode is not None
    sums = np.zeros((2, source.shape[0]), dtype=np.int64)
    failures: dict[str, list[str]] = {name: [] for name in SPLITS}
    digests = {name: hashlib.sha256() for name in SPLITS if isinstance(getattr(source, name).items[0], FILES)}
    with ExitStack() as stack:
        chunks = []
        for name in SPLITS:
            split: Split = getattr(source, name)
            array = stack.enter_context(
                storage.new_array(folder / name / "images.npy", (len(split.items), *source.shape))
            )
            for start in range(0, len(split.items), CHUNK):
                part = slice(start, start + CHUNK)
                items, ids = split.items[part], split.ids[part]
                chunks.append(_Chunk(name, array, start, items, ids, source.shape, source.decode))
        # Pixels that are in memory already would only be copied to and fro.
        workers = 1 if isinstance(source.train.items, np.ndarray) else 0
        results = progress(parallel.each(_decode, chunks, workers=workers), len(chunks), f"x{CHUNK} images", "decode")
        for chunk, (summed, lines, failed) in zip(chunks, results, strict=True):
            failures[chunk.split] += failed
            if chunk.split == "train":
                sums += summed
            if chunk.split in digests:
                digests[chunk.split].update(lines)
        for name, bad in failures.items():
            if bad:
                raise UserError(
                    f"every image must be readable. Got {len(bad)} bad of {len(getattr(source, name).ids)} in {name}: "
                    f"{'; '.join(bad[:5])}; repair or remove them."
                )
        checksums = {f"{name} files": f"sha256:{digest.hexdigest()}" for name, digest in digests.items()}
        yield Decoded(sums, checksums)


def _decode(chunk: _Chunk) -> tuple[np.ndarray, bytes, list[str]]:
    """Decode a chunk into its place; return `_sums`, a checksum line per file, and failures."""
    pixels = np.zeros((len(chunk.items), *chunk.shape), dtype=np.uint8)
    failed, lines = [], []
    for position, (item, name) in enumerate(zip(chunk.items, chunk.ids, strict=True)):
        try:
            if isinstance(item, FILES):
                content = item.read_bytes()
                lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
                item = io.BytesIO(content)
            image = chunk.decode(item)
            if image.shape != chunk.shape or image.dtype != np.uint8:
                raise ValueError(f"shape {image.shape} {image.dtype}, expected {chunk.shape} uint8")
            pixels[position] = image
        except Exception as error:  # a parser of foreign bytes raises anything
            failed.append(f"{name} ({first_line(error)})")
    chunk.array.write(chunk.start, pixels)
    return _sums(pixels), "".join(lines).encode(), failed


def _sums(pixels: np.ndarray) -> np.ndarray:
    """Return sum and sum of squares per channel, (2, c), in integers."""
    flat = pixels.reshape(*pixels.shape[:2], -1)
    enough = np.uint32 if flat.shape[2] * 255**2 < 2**32 else np.uint64  # 32 bits are twice as fast
    return np.stack(
        [part.sum(2, dtype=enough).sum(0, dtype=np.int64) for part in (flat, np.square(flat, dtype=np.uint16))]
    )


def _moments(sums: np.ndarray, count: int) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation per channel of pixels in 0..1."""
    mean, mean_square = sums / count
    variance = mean_square - mean**2
    # A constant channel must not divide by zero.
    std = np.where(variance > 1e-7, np.sqrt(np.maximum(variance, 0)) / 255, 1.0)
    return [round(float(v), 6) for v in mean / 255], [round(float(v), 6) for v in std]
