"""Read every artefact below a results folder, and name the damaged ones.

``python -m altools.steps.verify results`` says which; with ``--delete`` they are removed, so that the next run rebuilds
them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from altools import prepared, storage
from altools.errors import UserError

READERS: dict[str, Callable[[Path], Any]] = {
    ".json": storage.read_json,
    ".parquet": storage.read_columns,
    ".safetensors": storage.read_tensors,
    ".npy": lambda path: prepared.pixels(path.parents[1], path.parent.name),
}


def damaged(results: Path) -> Iterator[tuple[Path, str]]:
    """Yield path and sentence of every artefact that cannot be read or is not what was written.

    Figures and their tables are drawn anew in seconds and carry no checksum.
    """
    for path in sorted(results.rglob("[!.]*")):
        if path.suffix in READERS and path.relative_to(results).parts[0] != "figures":
            try:
                READERS[path.suffix](path)
            except UserError as error:
                yield path, str(error)


def main() -> int:
    """Print a sentence per damaged artefact; return 1 while one stands there."""
    parser = argparse.ArgumentParser(prog="python -m altools.steps.verify", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--delete", action="store_true")
    asked = parser.parse_args()
    found = list(damaged(asked.results))
    for path, sentence in found:
        print(sentence)
        if asked.delete:
            path.resolve().unlink(missing_ok=True)  # in the cache between workflows, if it lies there
            path.unlink(missing_ok=True)
    print(f"{len(found)} damaged artefacts below {asked.results}{', deleted' if found and asked.delete else ''}.")
    return int(bool(found) and not asked.delete)


if __name__ == "__main__":
    sys.exit(main())
