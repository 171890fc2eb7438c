"""ImageNet in its published layout: an index of files that stay as they are."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from altools import storage
from altools.cli.contact_sheet import contact_sheet
from altools.data import prepare as preparation
from altools.data import sources
from altools.errors import UserError


@pytest.fixture
def made(tmp_path):
    for part, count in (("train", 3), ("val", 2)):
        for label in ("n01440764", "n01443537"):
            folder = tmp_path / "raw" / part / label
            folder.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(np.zeros((20, 30, 3), dtype=np.uint8)).save(folder / f"{label}_{number}.JPEG", "JPEG")
    return tmp_path / "raw"


def test_only_the_index_is_written(made, tmp_path):
    source = sources.read("imagenet", {"path": str(made), "complete": False})
    folder = tmp_path / "prepared"
    preparation.write(source, folder, 6, {})
    facts = storage.read_json(folder / "dataset.json")
    assert facts["encoded_in"] == str(made) and facts["shape"] == [3, 224, 224] and facts["mean"] is None
    assert facts["test"] == {"images": 4, "per_class": {"n01440764": 2, "n01443537": 2}}
    index = pd.read_parquet(folder / "train/index.parquet")
    assert index["label"].tolist() == [0, 0, 0, 1, 1, 1]
    assert all((made / name).is_file() for name in index["id"])
    assert not list(folder.rglob("images.npy"))
    with pytest.raises(UserError, match="holds an index only"):
        contact_sheet(dataset_info=str(folder / "dataset.json"), png=str(tmp_path / "sheet.png"))


def test_unsorted_validation_images_and_counts_are_refused(made):
    with pytest.raises(UserError, match="must hold the same 1000 class folders. Got 2 and 2"):
        sources.read("imagenet", {"path": str(made)})
    (made / "val/n01443537").rename(made / "val/n09999999")
    with pytest.raises(UserError, match="sort the validation images into class folders"):
        sources.read("imagenet", {"path": str(made), "complete": False})
