"""Find damaged artefacts: read every file below a results folder and compare it with its checksum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from altools import storage
from altools.errors import UserError

READERS: dict[str, Callable[[Path], Any]] = {
    ".json": storage.read_json,
    ".parquet": storage.read_columns,
    ".safetensors": storage.read_tensors,
    ".npy": lambda path: storage.open_array(path, _images_checksum(path)),
}


def damaged(results: Path) -> Iterator[tuple[Path, str]]:
    """Yield path and message of every artefact that cannot be read or is not what was written.

    Figures and their tables are drawn again in seconds and carry no checksum.
    """
    for path in sorted(results.rglob("[!.]*")):
        if path.suffix in READERS and path.relative_to(results).parts[0] != "figures":
            try:
                READERS[path.suffix](path)
            except UserError as error:
                yield path, str(error)


def _images_checksum(path: Path) -> str:
    """Return the checksum of the images of a split, which stands in the ``dataset.json`` two folders up."""
    return storage.read_json(path.parents[1] / "dataset.json")[path.parent.name]["images_crc32"]
