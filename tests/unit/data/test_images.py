"""Augmentation: each change does what it says, drawn per image, and no draw means no change."""

import torch
import torch.nn.functional as F

from altools.config.recipes import Augmentation
from altools.data.images import Draws, Images
from altools.rng import stream

PIXELS = torch.arange(2 * 1 * 3 * 4, dtype=torch.uint8).reshape(2, 1, 3, 4)


def images():
    return Images.on(torch.device("cpu"), PIXELS, [0.5], [0.25])


def test_a_batch_is_normalised_pixels():
    batch = images().batch(torch.tensor([1]))
    assert torch.allclose(batch[0, 0], (PIXELS[1, 0] / 255 - 0.5) / 0.25)


def test_flips_change_only_the_drawn_images():
    draws = Draws(horizontal=torch.tensor([True, False]), vertical=torch.tensor([False, True]))
    out = draws.apply(PIXELS)
    assert torch.equal(out[0], PIXELS[0].flip(2)) and torch.equal(out[1], PIXELS[1].flip(1))


def test_crops_read_the_zero_padded_image_at_the_offset():
    draws = Draws(offsets=torch.tensor([[0, 0], [2, 1]]), padding=1)
    padded = F.pad(PIXELS, (1, 1, 1, 1))
    out = draws.apply(PIXELS)
    assert torch.equal(out[0], padded[0, :, 0:3, 0:4]) and torch.equal(out[1], padded[1, :, 2:5, 1:5])


def test_all_crops_are_equally_likely():
    drawn = Draws.draw(9000, Augmentation(crop_padding=1), stream(0, "test")).offsets
    counts = torch.bincount(drawn[:, 0] * 3 + drawn[:, 1], minlength=9)
    assert counts.min() > 850 and counts.max() < 1150


def test_no_augmentation_draws_nothing():
    draws = Draws.draw(5, Augmentation(), stream(0, "test"))
    assert torch.equal(draws.apply(PIXELS), PIXELS)


def test_streams_differ_by_purpose_and_round_and_repeat():
    values = [
        torch.rand(1, generator=stream(*key)).item() for key in [(0, "a"), (0, "b"), (1, "a"), (0, "a", 1), (0, "a")]
    ]
    assert values[0] == values[4] and len(set(values)) == 4
