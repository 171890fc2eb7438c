"""OCT2017: retinal tomography in 4 classes; 5,000 train images chosen from the publisher's, its own test folder.

``split: paper`` takes the train images that the paper lists. ``split: stratified`` draws ``draw`` images from the
train folder with the classes' shares of the whole, the same ones for the same tree. Images are squashed to a square.
One patient has up to 41 images in the paper's list, and patients stand on both sides of the official split:
``dataset.json`` says how many do.

Reference: Kermany et al., 2018, "Identifying medical diagnoses and treatable diseases by image-based deep learning",
Cell 172(5), and its data, Mendeley Data rscbjbr9sj (version 2 and 3). Licence: CC BY 4.0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge

from altools.data.raw import id_lists, pixels, published
from altools.data.sources import Source, Split
from altools.data.sources.image_folder import left_behind
from altools.errors import UserError

CLASSES = ["CNV", "DME", "DRUSEN", "NORMAL"]
TEST_PER_CLASS = (242, 250)  # the copy on Kaggle and the publisher's own
NAME = re.compile(r"OCT2017/(?:train|test)/(\w+)/\1-(\d+)-\d+\.jpeg")
OBTAIN = "OCT2017 from https://data.mendeley.com/datasets/rscbjbr9sj or Kaggle's paultimothymooney/kermany2018"


def read(
    *,
    path: str,
    split: Literal["paper", "stratified", "list"] = "paper",
    list_file: str = "",
    draw: Annotated[int, Ge(1)] = 5000,
    size: Annotated[int, Ge(1)] = 224,
    complete: bool = True,
) -> Source:
    """Describe OCT2017.

    Args:
        path: the folder ``OCT2017`` with ``train/<CLASS>/`` and ``test/<CLASS>/``, or the one around it.
        split: which train images; ``list`` takes ``list_file`` as it is.
        list_file: a copy of the paper's list (else it is fetched beside ``path``), or your own.
        draw: how many images ``stratified`` draws.
        size: prepared images are size x size grey pixels.
        complete: every listed image must be there, and the test folder must have one of its published sizes.
    """
    root = published.located(path, what="the unpacked folder OCT2017", obtain=OBTAIN)
    root = root / "OCT2017" if (root / "OCT2017").is_dir() else root
    train, test = ({file: root / file.partition("/")[2] for file in _names(root, part)} for part in ("train", "test"))
    ignored = sorted(name for files in (train, test) for name in files if not _recognised(name))
    train, test = ({name: files[name] for name in files if _recognised(name)} for files in (train, test))
    if complete:
        counts = Counter(_class(name) for name in test)
        likely = min(TEST_PER_CLASS, key=lambda each: abs(each * len(CLASSES) - len(test)))
        published.check_counts(counts, dict.fromkeys(CLASSES, likely), str(root / "test"))
    if split == "stratified":
        chosen = _drawn(list(train), draw, complete=complete)
    else:
        paper = split == "paper"
        listed = (
            id_lists.paper("oct", list_file, root.parent) if paper else id_lists.lines(id_lists.existing(list_file))
        )
        listed_in = id_lists.PAPER["oct"].file if paper else list_file
        odd = [name for name in listed if not _recognised(name)]
        if odd:
            raise UserError(
                f"a line of {listed_in} must read OCT2017/train/CLASS/CLASS-patient-k.jpeg. Got {odd[0]!r}; correct it."
            )
        chosen = id_lists.present(listed, train, complete=complete, listed_in=listed_in, where=root)
    both = _patients(chosen) & _patients(test)
    return Source(
        classes=CLASSES,
        shape=(1, size, size),
        train=_split(chosen, train),
        test=_split(sorted(test), test),
        decode=partial(pixels.decode, size=size, channels=1),
        notes={
            "split": split,
            "train_patients": len(_patients(chosen)),
            "test_patients": len(_patients(test)),
            "patients_in_both": len(both),
            "test_images_of_train_patients": sum(_patient(name) in both for name in test),
            "ignored": ignored,
        },
    )


def _names(root: Path, part: str) -> list[str]:
    """Return every file of a part as ``OCT2017/part/CLASS/name``."""
    folders = [root / part / name for name in CLASSES]
    absent = [folder for folder in folders if not folder.is_dir()]
    if absent:
        raise UserError(
            f"{root} must hold {part}/ with a folder per class. {absent[0]} does not exist; get it: {OBTAIN}."
        )
    files = [file for folder in folders for file in sorted(folder.iterdir()) if not left_behind(file)]
    return [f"OCT2017/{file.relative_to(root).as_posix()}" for file in files]


def _recognised(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def _class(name: str) -> str:
    return name.split("/")[2]


def _patient(name: str) -> str:
    match = NAME.fullmatch(name)
    assert match is not None
    return match[2]


def _patients(names: Iterable[str]) -> set[str]:
    return {_patient(name) for name in names}


def _drawn(names: list[str], draw: int, *, complete: bool) -> list[str]:
    if len(names) < draw and complete:
        raise UserError(
            f"options.draw must be at most the number of train images. Got {draw} of {len(names)}; lower it."
        )
    quotas = published.shares(Counter(_class(name) for name in names), min(draw, len(names))) if names else {}
    chosen = [
        name
        for label, quota in quotas.items()
        for name in published.shuffled([name for name in names if _class(name) == label], seed=0)[:quota]
    ]
    return published.shuffled(chosen, seed=1)


def _split(names: list[str], files: dict[str, Path]) -> Split:
    return Split(
        ids=names, labels=[CLASSES.index(_class(name)) for name in names], items=[files[name] for name in names]
    )
