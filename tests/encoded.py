"""A small tree of ImageNet's layout, whose images stay encoded."""

import numpy as np
from PIL import Image

from altools.data import prepare, sources

CLASSES = ("n01440764", "n01443537")
TRAIN = 22
"""Number of training images."""


def write_raw(folder):
    """Write 22 train and 6 test images of two classes: stripes that lie or stand, of many sizes."""
    rng = np.random.default_rng(0)
    for part, count in (("train", TRAIN // 2), ("val", 3)):
        for label, name in enumerate(CLASSES):
            (folder / part / name).mkdir(parents=True)
            for number in range(count):
                height, width = rng.integers(20, 60, 2)
                lines = np.arange((height, width)[label]) // 4 % 2 * 180
                grey = np.broadcast_to(lines[:, None] if label == 0 else lines, (height, width))
                noise = rng.integers(0, 60, (height, width, 3))
                image = Image.fromarray((grey[..., None] + noise).astype(np.uint8))
                image.save(folder / part / name / f"{name}_{number}.JPEG", "JPEG", quality=95)


def prepared(raw, folder):
    """Prepare the tree for images of 16 x 16 pixels; return the path of ``dataset.json``."""
    prepare.write(sources.read("imagenet", {"path": str(raw), "complete": False, "size": 16}), folder, TRAIN, {})
    return folder / "dataset.json"
