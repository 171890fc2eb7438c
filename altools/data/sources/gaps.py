"""GAPs v2: patches of German asphalt in 6 classes, issue ZEB_50k, from the chunks that its own package downloads.

Train is chunks 0 and 1 of ``train``, test is chunk 0 of ``test``. Each patch is stretched from its least to its
largest value, as in the paper; a constant patch becomes black (the paper's script divides by zero). The info file
beside the chunks is a pickle and is never opened: numbers and sizes come from file names and array headers.

Reference: Stricker et al., 2019, "Improving visual road condition assessment by extensive experiments on the extended
GAPs dataset", IJCNN. Licence: on personal request, for research.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from altools.data.raw import download, pixels, published
from altools.data.sources import Source, Split
from altools.errors import UserError, first_line
from altools.runtime import parallel
from altools.runtime.progress import progress

CLASSES = ["AppliedPatch", "Crack", "InlaidPatch", "IntactRoad", "OpenJoint", "Pothole"]
BY_NUMBER = ["IntactRoad", "AppliedPatch", "Pothole", "InlaidPatch", "OpenJoint", "Crack"]
CHUNKS = {"train": (0, 1), "test": (0,)}
IMAGES = {"train": 50_000, "test": 10_000}
OBTAIN = (
    "ask TU Ilmenau's Neuroinformatics and Cognitive Robotics Lab for a licence and login (search for GAPs dataset), "
    "then run their package gaps-dataset with version=2, issue='ZEB_50k' and the patch size"
)


def read(
    *,
    path: str,
    patch_size: Literal[64, 96, 128, 160, 192, 224, 256] = 224,
    complete: bool = True,
) -> Source:
    """Describe GAPs v2 ZEB_50k.

    Args:
        path: the folder the package downloaded into, which holds ``v2/``.
        patch_size: 224 in the paper's last code, 64 before; its text does not say which.
        complete: the published number of patches must be there.
    """
    root = published.located(path, what="the folder that holds v2/ of GAPs (a licence is needed)", obtain=OBTAIN)
    folder = root / "v2" / f"ZEB_50k_{patch_size}"
    files = {split: [_pair(folder / split, patch_size, split, number) for number in CHUNKS[split]] for split in CHUNKS}
    splits = {split: _split(split, pairs, patch_size) for split, pairs in files.items()}
    if complete:
        found = {split: len(splits[split].ids) for split in CHUNKS}
        published.check_counts(found, IMAGES, str(folder))
    paths = [path for pairs in files.values() for pair in pairs for path in pair]
    sums = progress(parallel.each(download.checksum_of, paths), len(paths), "files", "checksums")
    return Source(
        classes=CLASSES,
        shape=(1, patch_size, patch_size),
        train=splits["train"],
        test=splits["test"],
        decode=decode,
        checksums={path.name: found for path, found in zip(paths, sums, strict=True)},
        notes={"patch_size": patch_size, "stretch": "per patch, least value to 0 and largest to 255"},
    )


class Patch(NamedTuple):
    """One row of a chunk."""

    chunk: Path
    row: int


def decode(patch: Patch) -> np.ndarray:
    """Read a patch and stretch it."""
    return pixels.stretched(_mapped(patch.chunk)[patch.row])


@lru_cache(maxsize=4)
def _mapped(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _pair(folder: Path, patch_size: int, split: str, number: int) -> tuple[Path, Path]:
    """Return the files of patches and labels of a chunk; the digits of its number vary."""
    start = f"chunks_{patch_size}x{patch_size}_ZEB_50k_{split}_chunk_"
    pattern = re.compile(rf"{re.escape(start)}0*{number}_([xy])\.npy")
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    found = {match[1]: folder / match[0] for match in map(pattern.fullmatch, names) if match}
    missing = [letter for letter in "xy" if letter not in found]
    if missing:
        raise UserError(
            f"{folder} must hold {start}{number}_{missing[0]}.npy. It does not (a licence is needed); get it: {OBTAIN}."
        )
    return found["x"], found["y"]


def _split(split: str, pairs: list[tuple[Path, Path]], patch_size: int) -> Split:
    ids: list[str] = []
    labels: list[int] = []
    items: list[Patch] = []
    for number, (images, answers) in zip(CHUNKS[split], pairs, strict=True):
        x, y = _open(images), np.asarray(_open(answers))
        if x.ndim != 4 or x.shape[1:] != (1, patch_size, patch_size) or x.dtype.kind not in "uif":
            raise UserError(
                f"{images} must hold numbers of shape (n, 1, {patch_size}, {patch_size}). Got {x.dtype} {x.shape}; "
                "correct options.patch_size, or get the file again."
            )
        if y.shape != (len(x),) or y.dtype.kind not in "uif" or not np.isin(y, range(len(BY_NUMBER))).all():
            raise UserError(
                f"{answers} must hold {len(x)} class numbers 0 to {len(BY_NUMBER) - 1}. Got {y.dtype} {y.shape}, "
                f"values {np.unique(y)[:8].tolist()}; get the file again."
            )
        ids += [f"{split}/chunk{number}/{row}" for row in range(len(x))]
        labels += [CLASSES.index(BY_NUMBER[int(value)]) for value in y]
        items += [Patch(images, row) for row in range(len(x))]
    return Split(ids=ids, labels=labels, items=items)


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a parser of foreign bytes raises anything
        raise UserError(
            f"{path} must be a .npy file of plain numbers. It is not ({first_line(error)}); get it again: {OBTAIN}."
        ) from None
