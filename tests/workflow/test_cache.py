"""Snakemake's cache between workflows: a second clone prepares and pre-trains nothing, unless its data are others."""

import numpy as np
import pytest
from PIL import Image

from tests.repositories import TINY, copy_repository

PRETRAINED = TINY.replace("settings: [standard]", "settings: [standard, simsiam]") + (
    "    pretrain: {epochs: 1, batch_size: 256, width: 32, predictor_width: 8, views: {blur_probability: 0.0}}\n"
)


def targets(config):
    return ["data", "pretrain"] if "simsiam" in config else ["data"]


@pytest.fixture
def clone(tmp_path):
    """Return a function that makes a clone and runs preparation and pre-training in it, with one cache for all."""
    cache = tmp_path / "cache"
    cache.mkdir()

    def run(name, config, before=lambda made: None):
        made = copy_repository(tmp_path / name, config)
        before(made)
        done = made.snakemake("--cores", "1", "--cache", "--", *targets(config), SNAKEMAKE_OUTPUT_CACHE=str(cache))
        made.computed = (done.stdout + done.stderr).count("Moving output file")  # into the cache
        return made

    return run


def test_a_second_clone_takes_data_and_encoders_from_the_cache(clone):
    first = clone("first", PRETRAINED)
    second = clone("second", PRETRAINED.replace("results: results", "results: results-elsewhere"))
    assert first.computed == 5 + 2 * 3 and second.computed == 0  # files of one dataset and two encoders
    for path in first.path.glob("results/*/digits/**/*.*"):
        if "logs" not in path.parts:
            other = second.path / "results-elsewhere" / path.relative_to(first.path / "results")
            assert other.read_bytes() == path.read_bytes(), path
    assert second.planned("data", "pretrain") == {}


def test_seeds_and_recipes_have_entries_of_their_own(clone):
    first = clone("first", PRETRAINED)
    encoders = {path.read_bytes() for path in first.path.glob("results/pretrain/digits/*/encoder.safetensors")}
    assert len(encoders) == 2
    other = clone("other", PRETRAINED.replace("epochs: 1,", "epochs: 2,"))
    assert other.computed == 2 * 3


PICTURES = """
results: results
seeds: [0]
strategies: [random]
datasets:
  - {name: pictures, source: image_folder, options: {path: pictures, size: 8, channels: 3}, train_images: 2, initial: 2,
     budget: 1, rounds: 1, model: small_cnn}
"""


def paint(made, value):
    for place in ("train/cat", "train/dog", "test/cat", "test/dog"):
        folder = made.path / "pictures" / place
        folder.mkdir(parents=True)
        Image.new("RGB", (8, 8), (value, value, value)).save(folder / "0.png")


def test_pictures_that_no_checksum_vouches_for_are_never_taken_from_the_cache(clone):
    dark, bright = (
        clone(f"value{value}", PICTURES, lambda made, value=value: paint(made, value)) for value in (1, 200)
    )
    images = [np.load(made.path / "results/data/pictures/train/images.npy") for made in (dark, bright)]
    assert (images[0] == 1).all() and (images[1] == 200).all()
