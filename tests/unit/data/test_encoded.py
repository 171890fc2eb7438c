"""Images that stay encoded: the crops of torchvision, every image once, in the order that was asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import RandomResizedCrop

from altools import storage
from altools.data.encoded import Crops, EncodedImages
from altools.errors import UserError
from altools.rng import stream
from tests import encoded


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    raw = tmp_path_factory.mktemp("imagenet")
    encoded.write_raw(raw)
    return encoded.prepared(raw, tmp_path_factory.mktemp("prepared"))


def images(facts):
    record = storage.read_json(facts)
    ids = storage.read_columns(facts.parent / "train/index.parquet", ["id"])["id"].tolist()
    folder = Path(record["encoded_in"])
    return EncodedImages.on(torch.device("cpu"), folder, ids, (3, 16, 16), [0.0] * 3, [1.0] * 3, 2)


def test_whole_images_are_resized_as_pillow_does(facts):
    split = images(facts)
    (batch,) = split.batches([torch.tensor([3, 0])])
    with Image.open(split.folder / split.ids[3]) as image:
        expected = np.asarray(image.resize((16, 16), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert torch.equal((batch[0] * 255).round().to(torch.uint8), torch.from_numpy(expected.copy()))
    assert torch.equal(batch, split.unit(torch.tensor([3, 0])))


def test_batches_come_in_order_whatever_is_decoded_first(facts):
    split = images(facts)
    parts = list(torch.randperm(22, generator=stream(0, "order")).split(3))
    for part, batch in zip(parts, split.batches(parts), strict=True):
        assert torch.equal(batch, split.unit(part))


def test_crops_have_the_law_of_torchvision():
    """Mean and spread of area and position over 4,000 crops of a wide image, within five standard errors."""
    n, width, height = 4000, 90, 60
    crops = Crops.draw(n, 0.2, True, stream(0, "crops"))
    ours = torch.tensor([crops.box(number, width, height) for number in range(n)]).float()
    torch.manual_seed(0)
    like = torch.zeros(3, height, width)
    drawn = [RandomResizedCrop.get_params(like, [0.2, 1.0], [3 / 4, 4 / 3]) for _ in range(n)]
    theirs = torch.tensor([(left, top, left + w, top + h) for top, left, h, w in drawn]).float()
    for moment in (lambda x: x.mean(0), lambda x: x.std(0)):
        error = 5 * theirs.std(0) * (2 / n) ** 0.5
        assert ((moment(ours) - moment(theirs)).abs() <= error).all()
    assert 0.45 < crops.flip.float().mean() < 0.55


def test_a_crop_that_keeps_everything_is_the_whole_image():
    crops = Crops.draw(50, 1.0, False, stream(0, "crops"))
    assert {crops.box(number, 60, 40) for number in range(50)} == {(0, 0, 60, 40)}
    assert not crops.flip.any()


def test_flips_are_those_drawn(facts):
    split = images(facts)
    part = torch.arange(6)
    crops = Crops.draw(6, 1.0, True, stream(0, "crops"))
    (flipped,) = split.batches([part], [crops])
    (plain,) = split.batches([part], [replace(crops, flip=torch.zeros_like(crops.flip))])
    assert crops.flip.any() and not crops.flip.all()
    for number, flip in enumerate(crops.flip):
        assert torch.equal(flipped[number], plain[number].flip(2) if flip else plain[number])


def test_a_broken_file_is_named(facts, tmp_path):
    (tmp_path / "a.JPEG").write_bytes(b"not an image")
    split = EncodedImages.on(torch.device("cpu"), tmp_path, ["a.JPEG"], (3, 8, 8), [0.0] * 3, [1.0] * 3, 1)
    with pytest.raises(UserError, match=r"a\.JPEG must be an image that can be decoded"):
        list(split.batches([torch.tensor([0])]))
