"""KolektorSDD2: 3,335 images of a surface, NG where the mask of defects has a non-zero pixel, else OK.

The labels come from the publisher's masks, of both splits; ``ng_ids.csv`` beside ``dataset.json`` lists the NG images
found. The paper re-sorted the images by hand with a list of the NG test images; where that list is at hand,
``dataset.json`` says whether it agrees. Images are squashed to a square.

Reference: Bozic et al., 2021, "Mixed supervision for surface-defect detection", Computers in Industry 129.
Licence: CC BY-NC-SA 4.0.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from PIL import Image

from altools.data.raw import id_lists, pixels, published
from altools.data.sources import SPLITS, Source, Split
from altools.data.sources.image_folder import left_behind
from altools.errors import UserError, first_line
from altools.runtime import parallel
from altools.runtime.progress import progress

CLASSES = ["NG", "OK"]
COUNTS = {"train": {"NG": 246, "OK": 2085}, "test": {"NG": 110, "OK": 894}}
NAME = re.compile(r"(\d{5})\.png")
OBTAIN = "KolektorSDD2.zip from https://www.vicos.si/resources/kolektorsdd2, unpacked"


def read(
    *,
    path: str,
    list_file: str = "",
    size: Annotated[int, Ge(1)] = 256,
    complete: bool = True,
) -> Source:
    """Describe KolektorSDD2.

    Args:
        path: the folder that holds ``train/`` and ``test/`` with ``NNNNN.png`` and ``NNNNN_GT.png``.
        list_file: a copy of the paper's list of NG test images, to compare with; not needed.
        size: prepared images are size x size RGB pixels.
        complete: the published counts must hold.
    """
    root = published.located(path, what="the unpacked folder of KolektorSDD2", obtain=OBTAIN)
    images = {split: _images(root / split) for split in SPLITS}
    jobs = [image for split in SPLITS for image in images[split].values()]
    answers = list(progress(parallel.each(defective, jobs), len(jobs), "masks", "read masks"))
    bad = [f"{job.name} ({answer})" for job, answer in zip(jobs, answers, strict=True) if isinstance(answer, str)]
    if bad:
        raise UserError(
            f"every image must have a mask of its own size. Got {len(bad)} bad of {len(jobs)} in {root}: "
            f"{'; '.join(bad[:5])}; get the files again."
        )
    labels = {image: "NG" if answer else "OK" for image, answer in zip(jobs, answers, strict=True)}
    for split in SPLITS:
        counts = {name: sum(labels[image] == name for image in images[split].values()) for name in CLASSES}
        if complete:
            published.check_counts(counts, COUNTS[split], str(root / split))
    ng = {split: [number for number, image in images[split].items() if labels[image] == "NG"] for split in SPLITS}
    train, test = (
        Split(
            ids=[f"{split}/{image.name}" for image in images[split].values()],
            labels=[CLASSES.index(labels[image]) for image in images[split].values()],
            items=list(images[split].values()),
        )
        for split in SPLITS
    )
    return Source(
        classes=CLASSES,
        shape=(3, size, size),
        train=train,
        test=test,
        decode=partial(pixels.decode, size=size, channels=3),
        notes={
            "ignored": [f"{split}/{name}" for split in SPLITS for name in _ignored(root / split)],
            **_comparison(list_file, root.parent, ng["test"], set(images["test"])),
        },
        attachments={
            "ng_ids.csv": "split,id\n" + "".join(f"{split},{number}\n" for split in SPLITS for number in ng[split])
        },
    )


def defective(image: Path) -> bool | str:
    """Say whether the mask of an image has a non-zero pixel, or what is wrong with the mask."""
    path = mask_of(image)
    try:
        with Image.open(image) as picture, Image.open(path) as mask:
            if picture.size != mask.size:
                return f"its mask is {mask.size[0]}x{mask.size[1]}, the image {picture.size[0]}x{picture.size[1]}"
            # Transparency is no defect, and the numbers of a palette mean colours.
            return bool(np.asarray(mask.convert("RGB") if mask.mode in ("P", "PA", "LA", "RGBA") else mask).any())
    except FileNotFoundError:
        return f"{path.name} is missing"
    except Exception as error:  # a parser of foreign bytes raises anything
        return f"it or its mask cannot be read: {first_line(error)}"


def mask_of(image: Path) -> Path:
    """Return where the mask of an image is."""
    return image.with_name(f"{image.stem}_GT.png")


def _images(folder: Path) -> dict[str, Path]:
    """Return the images of a split by id; copies and leftovers are no images."""
    if not folder.is_dir():
        raise UserError(f"{folder} must be a folder of images and masks. It does not exist; get it: {OBTAIN}.")
    found = {match[1]: folder / match[0] for match in map(NAME.fullmatch, _names(folder)) if match}
    if not found:
        raise UserError(f"{folder} must hold images NNNNN.png. It holds none; get them: {OBTAIN}.")
    return found


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if not left_behind(entry))


def _ignored(folder: Path) -> list[str]:
    """List what is neither an image nor its mask: the published train folder has one such copy."""
    return [name for name in _names(folder) if not NAME.fullmatch(name) and not re.fullmatch(r"\d{5}_GT\.png", name)]


def _comparison(list_file: str, beside: Path, ng: list[str], known: set[str]) -> dict[str, Any]:
    """Compare the NG test images with the paper's list, where there is a copy of it."""
    beside_raw = beside / id_lists.PAPER["ksdd2"].file
    if not list_file and not beside_raw.exists():
        return {"agrees_with_paper": None}
    listed = known.intersection(
        id_lists.paper("ksdd2", list_file or str(beside_raw), beside, own="remove options.list_file")
    )
    return {
        "agrees_with_paper": listed == set(ng),
        "ng_only_here": sorted(set(ng) - listed),
        "ng_only_in_paper": sorted(listed - set(ng)),
    }
