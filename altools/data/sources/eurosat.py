"""EuroSAT RGB: 27,000 Sentinel-2 patches of 64x64 pixels in 10 land-use classes, from the zip or its unpacked tree.

``split: paper`` takes the first 22,000 lines of the paper's list as train and the last 5,000 as test. The file
itself marks no boundary; the paper states the two numbers. ``split: stratified`` is our own, with the shares of the
whole in both parts; ``python -m altools.data.sources.eurosat`` prints it (``materials/eurosat_stratified.txt``).

Reference: Helber et al., 2019, "EuroSAT: a novel dataset and deep learning benchmark for land use and land cover
classification", IEEE JSTARS 12(7). Licence: MIT, and the Copernicus Sentinel terms.
"""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from altools.data.raw import archives, download, id_lists, published
from altools.data.raw.pixels import opened
from altools.data.sources import Source, Split
from altools.data.sources.image_folder import left_behind
from altools.errors import UserError

COUNTS = {
    "AnnualCrop": 3000,
    "Forest": 3000,
    "HerbaceousVegetation": 3000,
    "Highway": 2500,
    "Industrial": 2500,
    "Pasture": 2000,
    "PermanentCrop": 2500,
    "Residential": 3000,
    "River": 2500,
    "SeaLake": 3000,
}
CLASSES = list(COUNTS)
TRAIN_IMAGES = 22_000
SIZE = 64
NAME = re.compile(rf"({'|'.join(CLASSES)})/\1_[1-9]\d*\.jpg")
OBTAIN = "EuroSAT.zip (RGB) from https://zenodo.org/records/7711810 or https://github.com/phelber/EuroSAT"


def read(
    *,
    path: str,
    split: Literal["paper", "stratified", "list"] = "paper",
    list_file: str = "",
    train_lines: Annotated[int, Ge(1)] = 22000,
    complete: bool = True,
) -> Source:
    """Describe EuroSAT.

    Args:
        path: the zip, or the folder ``2750`` (or the one around it).
        split: whose split; ``list`` takes ``list_file`` as it is.
        list_file: a copy of the paper's list (else it is fetched beside ``path``), or your own: ``Class/Class_N.jpg``.
        train_lines: how many of the first lines are train.
        complete: the published counts must hold, and every listed image must be there.
    """
    root = published.located(path, what="the EuroSAT zip or its unpacked folder", obtain=OBTAIN)
    files = _files(root)
    if complete:
        published.check_counts(Counter(name.partition("/")[0] for name in files), COUNTS, str(root))
    names, listed_in = _listed(split, list_file, root.parent)
    odd = [name for name in names if not NAME.fullmatch(name)]
    if odd:
        raise UserError(f"a line of {listed_in} must read Class/Class_N.jpg. Got {odd[0]!r}; correct the list.")
    parts = [
        id_lists.present(part, files, complete=complete, listed_in=listed_in, where=root)
        for part in (names[:train_lines], names[train_lines:])
    ]
    train, test = (
        Split(
            ids=part,
            labels=[CLASSES.index(name.partition("/")[0]) for name in part],
            items=[files[name] for name in part],
        )
        for part in parts
    )
    checksums = {root.name: download.checksum_of(root)} if root.is_file() else {}
    return Source(
        classes=CLASSES,
        shape=(3, SIZE, SIZE),
        train=train,
        test=test,
        decode=decode,
        checksums=checksums,
        notes={"split": split, "train_lines": train_lines},
    )


def decode(content: BytesIO) -> np.ndarray:
    """Read one JPEG; its size must be the published one."""
    with opened(content) as image:
        if image.size != (SIZE, SIZE) or image.mode != "RGB":
            raise ValueError(f"{image.size[0]}x{image.size[1]} {image.mode}, expected {SIZE}x{SIZE} RGB")
        return np.asarray(image).transpose(2, 0, 1)


def stratified() -> list[str]:
    """Return our split: 22,000 train names, then 5,000 test names, both with the classes' shares of the whole."""
    train: list[str] = []
    test: list[str] = []
    for name, quota in published.shares(COUNTS, TRAIN_IMAGES).items():
        order = published.shuffled([f"{name}/{name}_{number}.jpg" for number in range(1, COUNTS[name] + 1)], seed=0)
        train += order[:quota]
        test += order[quota:]
    return published.shuffled(train, seed=1) + published.shuffled(test, seed=1)


def _listed(split: str, list_file: str, beside: Path) -> tuple[list[str], str]:
    if split == "stratified":
        return stratified(), "our stratified split"
    if split == "paper":
        return id_lists.paper("eurosat", list_file, beside), id_lists.PAPER["eurosat"].file
    return id_lists.lines(id_lists.existing(list_file)), list_file


def _files(root: Path) -> dict[str, Any]:
    """Return every image by its published name ``Class/Class_N.jpg``."""
    if root.is_file():
        members = [member for member in archives.zip_members(root) if member.name.endswith(".jpg")]
        inside = [member for member in members if not left_behind(Path(member.name)) and "__MACOSX" not in member.name]
        return {"/".join(member.name.split("/")[-2:]): member for member in inside}
    tree = root / "2750" if (root / "2750").is_dir() else root
    folders = [entry for entry in sorted(tree.iterdir()) if entry.is_dir() and not left_behind(entry)]
    files = [entry for folder in folders for entry in sorted(folder.iterdir()) if not left_behind(entry)]
    return {f"{file.parent.name}/{file.name}": file for file in files}


if __name__ == "__main__":
    print("\n".join(stratified()))
