"""CIFAR-10: 60,000 colour images of 32x32 pixels in 10 classes, from the publisher's python archive.

The archive is downloaded when it is absent. Its batches are pickles: the checksum is verified before anything in it
is read, and only arrays, text, numbers, lists and dictionaries are let out of them.

Reference: Krizhevsky, 2009, "Learning multiple layers of features from tiny images". Licence: none stated.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from altools.data.raw import archives, download, published
from altools.data.sources import Source, Split
from altools.errors import UserError, first_line

OPTIONS_DETERMINE_DATA = True
ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
MD5 = "c58f30108f718f92721af3b95e74349a"
FOLDER = "cifar-10-batches-py"
BATCHES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
META = "batches.meta"
FILES_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
IMAGES = {"train": 5000, "test": 1000}
SHAPE = (3, 32, 32)
OTHER = "state options.md5 if you trust it: unpickling runs what it holds"


def read(*, path: str, md5: str = "", address: str = "", complete: bool = True) -> Source:
    """Describe CIFAR-10.

    Args:
        path: the archive, fetched when it is absent, or the unpacked folder ``cifar-10-batches-py``.
        md5: of the archive, or of a folder's seven files one after another; by default the publisher's.
        address: where to fetch the archive; by default the publisher's.
        complete: the published number of images per class must be there.
    """
    place = Path(path).expanduser()
    contents, checksums = _folder(place, md5) if place.is_dir() else _archive(place, md5, address)
    meta = _unpickled(contents[META], place / META)
    try:
        classes = [name.decode("ascii") for name in meta[b"label_names"]]
    except (KeyError, AttributeError, UnicodeDecodeError, TypeError):
        raise UserError(f"{place / META} must hold label_names. It does not; get the archive again.") from None
    train, test = (_split(contents, BATCHES[split], place, len(classes)) for split in BATCHES)
    if complete:
        for name, split in (("train", train), ("test", test)):
            counts = dict(zip(classes, np.bincount(split.labels, minlength=len(classes)).tolist(), strict=True))
            published.check_counts(counts, dict.fromkeys(classes, IMAGES[name]), f"{name} of {place}")
    return Source(classes=classes, shape=SHAPE, train=train, test=test, decode=np.asarray, checksums=checksums)


def _archive(path: Path, md5: str, address: str) -> tuple[dict[str, bytes], dict[str, str]]:
    otherwise = "put the archive there by hand, or name the unpacked folder in options.path"
    checksum = f"md5:{md5 or MD5}"
    download.fetch(path, [address or ADDRESS], checksum, otherwise)
    members = archives.tar_members(path)
    found = {name: members[f"{FOLDER}/{name}"] for name in FILES_MD5 if f"{FOLDER}/{name}" in members}
    _require_all(found, path)
    return found, {path.name: checksum}


def _folder(path: Path, md5: str) -> tuple[dict[str, bytes], dict[str, str]]:
    found = {name: (path / name).read_bytes() for name in FILES_MD5 if (path / name).is_file()}
    _require_all(found, path)
    if md5:
        whole = hashlib.md5(b"".join(found.values())).hexdigest()
        if whole != md5:
            raise UserError(f"the files of {path} must have the checksum md5:{md5}. Got md5:{whole}; {OTHER}.")
        return found, {path.name: f"md5:{md5}"}
    for name, content in found.items():
        got = hashlib.md5(content).hexdigest()
        if got != FILES_MD5[name]:
            raise UserError(
                f"{path / name} must have the publisher's checksum md5:{FILES_MD5[name]}. Got md5:{got}; get it again, "
                f"or {OTHER}."
            )
    return found, {name: f"md5:{FILES_MD5[name]}" for name in found}


def _require_all(found: dict[str, bytes], path: Path) -> None:
    missing = [name for name in FILES_MD5 if name not in found]
    if missing:
        raise UserError(f"{path} must hold {', '.join(FILES_MD5)}. Got no {', '.join(missing)}; get {ADDRESS} again.")


def _split(contents: dict[str, bytes], names: list[str], place: Path, classes: int) -> Split:
    pixels: list[np.ndarray] = []
    labels: list[int] = []
    ids: list[str] = []
    for name in names:
        batch: Mapping[bytes, Any] = defaultdict(lambda: None, _unpickled(contents[name], place / name))
        data, answers, files = batch[b"data"], batch[b"labels"], batch[b"filenames"]
        whole = (
            isinstance(data, np.ndarray)
            and data.dtype == np.uint8
            and isinstance(answers, list)
            and isinstance(files, list)
            and data.shape == (len(answers), int(np.prod(SHAPE)))
            and len(files) == len(answers)
            and all(isinstance(answer, int) and 0 <= answer < classes for answer in answers)
            and all(isinstance(file, bytes) for file in files)
        )
        if not whole:
            raise UserError(
                f"{place / name} must hold uint8 data (n, 3072), n labels below {classes} and n filenames. "
                "It does not; get the archive again."
            )
        pixels.append(data.reshape(-1, *SHAPE))
        labels += answers
        ids += [f"{name}/{file.decode('utf-8', 'replace')}" for file in files]
    return Split(ids=ids, labels=labels, items=np.concatenate(pixels))


class _Plain(pickle.Unpickler):
    """Lets out arrays and built-in containers, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            from numpy._core.multiarray import _reconstruct

            return _reconstruct
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return getattr(np, name)
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes for Python 2
            return _latin1
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding}")
    return text.encode("latin1")


def _unpickled(content: bytes, where: Path) -> dict[bytes, Any]:
    try:
        value = _Plain(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a parser of foreign bytes raises anything
        raise UserError(
            f"{where} must be a batch of CIFAR-10. It is not ({first_line(error)}); do not use it."
        ) from None
    if not isinstance(value, dict):
        raise UserError(f"{where} must hold a dictionary. Got {type(value).__name__}; do not use it.")
    return value
