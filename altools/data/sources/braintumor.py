r"""Brain tumours in contrast-enhanced MR slices: 3,064 images of 233 patients, 3 classes, patient-wise folds.

Folds 1 to 4 are train, fold 5 is test. A slice x becomes

.. math:: \mathrm{round}\left(255\,\frac{x - \min x}{\max x - \min x}\right)

and then 256x256 pixels. The paper's script does not subtract the minimum, truncates (and wraps where the minimum is
positive), and keeps the transposition of MATLAB's arrays; here an image stands as MATLAB shows it.

Reference: Cheng et al., 2015, PLoS ONE 10(10); data: figshare 1512427. Licence: CC BY 4.0.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from annotated_types import Ge, Le
from PIL import Image

from altools.data.raw import download, pixels, published
from altools.data.sources import Source, Split
from altools.errors import UserError
from altools.runtime import parallel
from altools.runtime.progress import progress

CLASSES = ["glioma", "meningioma", "pituitary"]
LABELS = {1: "meningioma", 2: "glioma", 3: "pituitary"}
SLICES = 3064
PER_FOLD = {
    "glioma": (245, 338, 231, 325, 287),
    "meningioma": (112, 167, 139, 124, 166),
    "pituitary": (185, 174, 202, 179, 190),
}
OBTAIN = "all four zips and cvind.mat from https://figshare.com/articles/dataset/brain_tumor_dataset/1512427"


def read(
    *,
    path: str,
    test_fold: Annotated[int, Ge(1), Le(5)] = 5,
    size: Annotated[int, Ge(1)] = 256,
    complete: bool = True,
) -> Source:
    """Describe the slices.

    Args:
        path: a folder that holds ``1.mat`` to ``3064.mat`` and ``cvind.mat``, in folders of their own or not.
        test_fold: the fold that is tested; the other four are train.
        size: prepared images are size x size grey pixels.
        complete: all slices must be there, with the published number per class and fold.
    """
    root = published.located(path, what="the folder of the .mat files", obtain=OBTAIN)
    files, folds = _files(root), _folds(root)
    known = list(progress(parallel.each(header, list(files.values())), len(files), "slices", "read labels"))
    bad = [
        f"{file.name} ({found})" for file, found in zip(files.values(), known, strict=True) if isinstance(found, str)
    ]
    if bad:
        raise UserError(
            f"every slice must be readable. Got {len(bad)} bad of {len(files)} in {root}: {'; '.join(bad[:5])}; "
            "get them again."
        )
    headers = {number: found for number, found in zip(files, known, strict=True) if isinstance(found, Header)}
    counts = Counter((headers[number].label, int(folds[number - 1])) for number in files)
    if complete:
        found = {f"{label} in fold {fold}": count for (label, fold), count in sorted(counts.items())}
        wanted = {
            f"{label} in fold {fold}": count for label, row in PER_FOLD.items() for fold, count in enumerate(row, 1)
        }
        published.check_counts(found, wanted, str(root))
    sides: dict[bool, list[int]] = defaultdict(list)
    for number in files:
        sides[folds[number - 1] == test_fold].append(number)
    patients = [{headers[number].patient for number in sides[test]} - {""} for test in (False, True)]
    return Source(
        classes=CLASSES,
        shape=(1, size, size),
        train=_split(sides[False], files, headers),
        test=_split(sides[True], files, headers),
        decode=partial(decode, size=size),
        checksums={"cvind.mat": download.checksum_of(_cvind(root))},
        notes={
            "test_fold": test_fold,
            "per_fold": {label: [counts[label, fold] for fold in range(1, 6)] for label in CLASSES},
            "patients_in_both": len(patients[0] & patients[1]),
        },
    )


class Header(NamedTuple):
    """What a slice says beside its pixels."""

    label: str
    patient: str
    """"" where the file does not say."""


def header(path: Path) -> Header | str:
    """Read label and patient of a slice, or say what is wrong with the file."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            data = _cjdata(file)
            number = int(np.asarray(data["label"]).reshape(-1)[0])
            if number not in LABELS:
                return f"label {number}, expected 1, 2 or 3"
            codes = np.asarray(data["PID"]).reshape(-1) if "PID" in data else np.zeros(0)
            return Header(LABELS[number], "".join(chr(int(code)) for code in codes) if codes.dtype.kind == "u" else "")
    except Exception as error:  # a parser of foreign bytes raises anything
        return _reason(error)


def decode(content: BytesIO, *, size: int) -> np.ndarray:
    """Read the pixels of a slice, stretched from its least to its largest value."""
    import h5py

    with h5py.File(content, "r") as file:
        image = _cjdata(file)["image"]
        if image.ndim != 2:
            raise ValueError(f"cjdata/image has {image.ndim} dimensions, expected 2")
        values = pixels.stretched(image[()])
    # HDF5 shows MATLAB's column-major array transposed.
    return pixels.pixels_of(Image.fromarray(np.ascontiguousarray(values.T)), size=size, channels=1)


def _cjdata(file: Any) -> Any:
    missing = [name for name in ("cjdata", "cjdata/label", "cjdata/image") if name not in file]
    if missing:
        raise ValueError(f"it holds no {missing[0]}")
    return file["cjdata"]


def _reason(error: Exception) -> str:
    """Return HDF5's reason without its stack of calls."""
    text = str(error).split("\n", 1)[0]
    return text.partition("(")[2].rstrip(")") or text


def _files(root: Path) -> dict[int, Path]:
    """Return the slices by number, in order."""
    files: dict[int, Path] = {}
    for file in sorted(root.rglob("*.mat")):
        if not file.stem.isdecimal() or file.name.startswith("."):
            continue
        number = int(file.stem)
        if number in files:
            raise UserError(f"every slice must be there once. Got {files[number]} and {file}; remove one.")
        if not 1 <= number <= SLICES:
            raise UserError(f"slices must be 1.mat to {SLICES}.mat. Got {file}; remove it.")
        files[number] = file
    if not files:
        raise UserError(f"{root} must hold the slices 1.mat to {SLICES}.mat. It holds none; get them: {OBTAIN}.")
    return dict(sorted(files.items()))


def _cvind(root: Path) -> Path:
    found = sorted(root.rglob("cvind.mat"))
    if not found:
        raise UserError(f"{root} must hold cvind.mat, the folds. It does not; get it: {OBTAIN}.")
    return found[0]


def _folds(root: Path) -> np.ndarray:
    """Return the fold of slice i at i - 1."""
    import h5py

    file = _cvind(root)
    try:
        with h5py.File(file, "r") as opened:
            if "cvind" not in opened:
                raise ValueError("it holds no cvind")
            folds = np.asarray(opened["cvind"]).reshape(-1)
    except Exception as error:  # a parser of foreign bytes raises anything
        raise UserError(f"{file} must be readable. It is not ({_reason(error)}); get it again: {OBTAIN}.") from None
    if len(folds) != SLICES or not np.isin(folds, range(1, 6)).all():
        values = ", ".join(f"{value:g}" for value in np.unique(folds)[:6])
        raise UserError(
            f"{file} must hold {SLICES} folds, each 1 to 5. Got {len(folds)} with values {values}; "
            f"get it again: {OBTAIN}."
        )
    return folds.astype(np.int64)


def _split(numbers: list[int], files: dict[int, Path], headers: dict[int, Header]) -> Split:
    return Split(
        ids=[f"{number}.mat" for number in numbers],
        labels=[CLASSES.index(headers[number].label) for number in numbers],
        items=[files[number] for number in numbers],
    )
