"""Preparation against a plain Pillow loop on one core, as many images as are published (samples repeated).

Our side reads, decodes, resizes, sums pixel values, hashes the files and writes the arrays; the loop decodes and
resizes. The names say how many images, so images per second are that number over the seconds.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from altools.data import prepare, prepared, sources
from altools.data.sources import Source, Split
from benchmarks.harness import Case

SHARED = Path(__file__).parents[1].parent / "shared/data"
GOAL = 1.6  # on two cores


def cases() -> list[Case]:
    if not (SHARED / "make_raw.py").exists():
        print("the real samples (../shared/data) are not at hand", file=sys.stderr)
        return []
    work = Path(tempfile.mkdtemp(prefix="preparation"))
    atexit.register(shutil.rmtree, work, ignore_errors=True)
    raw = {name: work / "raw" / name for name in ("eurosat", "oct", "braintumor", "ksdd2")}
    for name, folder in raw.items():
        subprocess.run([sys.executable, SHARED / "make_raw.py", name, SHARED, folder], check=True)
    (raw["oct"] / "OCT2017/unassigned").rename(raw["oct"] / "OCT2017/train")
    wanted = {
        "eurosat": (27_000, {"split": "stratified"}, plain_rgb),
        "oct": (6_000, {"split": "stratified"}, plain_grey),
        "braintumor": (3_064, {}, plain_mat),
        "ksdd2": (3_335, {}, plain_rgb),
    }
    made = []
    for name, (images, options, plain) in wanted.items():
        source = repeated(sources.read(name, {"path": str(raw[name]), "complete": False, **options}), images)
        made.append(
            Case(
                f"{name}, {images:,} images (samples repeated)",
                partial(ours, source, work / "out" / name),
                partial(loop, source, plain),
                "Pillow loop, 1 core",
                GOAL,
                check=agree,
                repeats=3,
            )
        )
    return made


def ours(source: Source, folder: Path) -> np.ndarray:
    prepare.write(source, folder, len(source.train.ids), {})
    return prepared.pixels(folder, "train")


def loop(source: Source, plain) -> np.ndarray:
    size = source.shape[-1]
    train, _ = (np.stack([plain(item, size) for item in part.items]) for part in (source.train, source.test))
    return train


def plain_rgb(path: Path, size: int) -> np.ndarray:
    from PIL import Image

    image = Image.open(path).convert("RGB")
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR)
    return np.moveaxis(np.asarray(image), 2, 0)


def plain_grey(path: Path, size: int) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path).convert("L").resize((size, size), Image.Resampling.BILINEAR))[None]


def plain_mat(path: Path, size: int) -> np.ndarray:
    import h5py
    from PIL import Image

    with h5py.File(path, "r") as file:
        values = file["cjdata/image"][()].T.astype(np.float64)
    values = np.rint((values - values.min()) * 255 / (values.max() - values.min())).astype(np.uint8)
    return np.asarray(Image.fromarray(values).resize((size, size), Image.Resampling.BILINEAR))[None]


def repeated(source: Source, images: int) -> Source:
    """Repeat a source's train images under new names up to about ``images`` in all."""
    split = source.train
    times = max(1, images // len(split.ids))
    train = Split(
        ids=[f"{turn}/{name}" for turn in range(times) for name in split.ids],
        labels=list(split.labels) * times,
        items=list(split.items) * times,
    )
    return replace(source, train=train)


def agree(mine: np.ndarray, theirs: np.ndarray) -> str:
    assert np.array_equal(mine, theirs), "pixels differ"
    return "equal pixels"
