"""A small ImageNet tree runs to its curve, two processes to a training."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.repositories import copy_repository

CONFIG = """
results: results
device: cpu
seeds: [0]
strategies: [margin]
datasets:
  - name: imagenet
    source: imagenet
    options: {path: raw, size: 16, complete: false}
    train_images: 24
    initial: 8
    budget: 8
    rounds: 2
    model: small_cnn
    model_options: {filters: 4, width: 16}
    mean: [0.4, 0.4, 0.4]
    std: [0.3, 0.3, 0.3]
    recipe: {epochs: 2, batch_size: 6, augmentation: {crop_scale_min: 0.5, horizontal_flip: true}}
    gpus: 2
"""


@pytest.fixture
def encoded(tmp_path):
    made = copy_repository(tmp_path / "repository", CONFIG)
    rng = np.random.default_rng(0)
    for part, count in (("train", 12), ("val", 4)):
        for label in ("n01440764", "n01443537"):
            folder = made.path / "raw" / part / label
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (*rng.integers(18, 30, 2), 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{label}_{number}.JPEG", "JPEG")
    return made


def test_encoded_images_run_to_a_curve(encoded):
    done = encoded.run("results/curves/imagenet/standard/margin.parquet")
    curve = pd.read_parquet(encoded.path / "results/curves/imagenet/standard/margin.parquet")
    assert sorted(curve["labels"].unique()) == [8, 16]
    assert "queried_images" not in done.stdout + done.stderr
    assert not list(encoded.path.glob("results/data/**/images.npy"))
    drawn = encoded.drawn()
    assert drawn["learning_curves"] == 1 and "queried_images" not in drawn
