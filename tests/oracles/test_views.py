"""Views against torchvision's transforms: image by image for equal parameters, and the parameters in distribution."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare, ks_2samp
from torchvision.transforms import ColorJitter, GaussianBlur, InterpolationMode, RandomResizedCrop
from torchvision.transforms import functional as peer

from altools.config.recipes import Views
from altools.training.views import SLOTS, ViewDraws, gaussian, radius, turn_hue, view

SAME = Views(
    crop_scale_min=1.0, jitter_probability=0.0, grey_probability=0.0, blur_probability=0.0, horizontal_flip=False
)
N = 4000
UNLIKELY = 1e-4  # of a test's rejection by chance; seeds are fixed


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pixels(b: int, shape: tuple[int, int, int], seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, (b, *shape), generator=stream(seed), dtype=torch.uint8)


def by_torchvision(image: torch.Tensor, draws: ViewDraws, i: int, sigma_max: float) -> torch.Tensor:
    """One view of image i, every step by torchvision in the order of the SimSiam paper."""
    _, h, w = image.shape
    top, left, height, width = (int(value) for value in draws.crop[i])
    out = peer.resized_crop(
        image.float() / 255, top, left, height, width, [h, w], InterpolationMode.BILINEAR, antialias=True
    )
    if draws.blends is not None:
        for slot, (factor, mean, own) in enumerate(draws.blends[i].tolist()):
            if draws.hue is not None and slot == SLOTS // 2:
                out = peer.adjust_hue(out, float(draws.hue[i]))
            change = peer.adjust_contrast if mean else peer.adjust_saturation if own else peer.adjust_brightness
            out = change(out, factor)
    if draws.grey is not None and draws.grey[i]:
        out = peer.rgb_to_grayscale(out, num_output_channels=3)
    if draws.taps is not None and draws.taps[i, 1] > 0:
        sigma = math.sqrt(-0.5 / math.log(float(draws.taps[i, 1] / draws.taps[i, 0])))
        out = peer.gaussian_blur(out, [2 * radius(sigma_max, min(h, w)) + 1] * 2, [sigma, sigma])
    return out.flip(2) if draws.flip[i] else out


@settings(max_examples=25, deadline=None)
@given(
    channels=st.sampled_from([1, 3]),
    height=st.integers(4, 20),
    width=st.integers(4, 20),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_view_is_torchvisions_for_the_same_parameters(channels, height, width, seed):
    views = Views(crop_scale_min=0.1, brightness=0.6, saturation=0.9, hue=0.5, blur_sigma_min=0.4)
    images = pixels(12, (channels, height, width), seed)
    draws = ViewDraws.draw(12, (channels, height, width), views, stream(seed))
    ours = view(images, draws)
    for i in range(12):
        torch.testing.assert_close(ours[i], by_torchvision(images[i], draws, i, 2.0), atol=2e-4, rtol=0)


def test_views_that_change_nothing_are_exactly_the_images():
    images = pixels(70, (3, 9, 7))
    assert torch.equal(view(images, ViewDraws.draw(70, (3, 9, 7), SAME, stream())), images / 255)


def test_changes_of_no_strength_are_exactly_the_images():
    images = pixels(5, (3, 9, 7))
    draws = ViewDraws(
        crop=torch.tensor([0.0, 0.0, 9, 7]).expand(5, 4),
        flip=torch.zeros(5, dtype=torch.bool),
        blends=torch.tensor([[1.0, 0, 0], [1, 1, 0], [1, 0, 1]] * 2).expand(5, 6, 3),
        hue=torch.zeros(5),
        grey=torch.zeros(5, dtype=torch.bool),
        taps=gaussian(torch.zeros(5), 3),
    )
    assert torch.equal(view(images, draws), images / 255)
    flipped = view(images, replace(draws, flip=torch.ones(5, dtype=torch.bool)))
    assert torch.equal(flipped, images.flip(3) / 255)


def test_an_image_is_changed_alike_in_every_batch():
    images = pixels(150, (3, 8, 8))
    draws = ViewDraws.draw(150, (3, 8, 8), Views(), stream())
    together = view(images, draws)
    for i in (0, 63, 64, 149):
        torch.testing.assert_close(together[i], view(images[i : i + 1], draws[i : i + 1])[0], atol=1e-6, rtol=0)


def test_a_full_turn_of_hue_in_six_steps_returns():
    images = pixels(4, (3, 5, 5)) / 255
    turned = images
    for _ in range(6):
        turned = turn_hue(turned, torch.full((4,), 1 / 6))
    torch.testing.assert_close(turned, images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("height", "width", "least"), [(32, 32, 0.2), (24, 40, 0.5), (16, 48, 0.6)])
def test_crops_are_distributed_as_torchvisions(height, width, least):
    crops = ViewDraws.draw(N, (3, height, width), replace(SAME, crop_scale_min=least), stream()).crop.double()
    torch.manual_seed(1)
    image = torch.zeros(3, height, width)
    theirs = torch.tensor(
        [RandomResizedCrop.get_params(image, [least, 1.0], [3 / 4, 4 / 3]) for _ in range(N)], dtype=torch.float64
    )
    for ours, other in zip(crops.T, theirs.T, strict=True):  # top, left, height, width
        assert ks_2samp(ours, other).pvalue > UNLIKELY
    assert ks_2samp(crops[:, 2] * crops[:, 3], theirs[:, 2] * theirs[:, 3]).pvalue > UNLIKELY
    assert ks_2samp(crops[:, 3] / crops[:, 2], theirs[:, 3] / theirs[:, 2]).pvalue > UNLIKELY


def test_jitter_factors_and_their_order_are_distributed_as_torchvisions():
    draws = ViewDraws.draw(N, (3, 8, 8), Views(), stream())
    torch.manual_seed(1)
    theirs = [ColorJitter.get_params([0.6, 1.4], [0.6, 1.4], [0.6, 1.4], [-0.1, 0.1]) for _ in range(N)]
    factors, mean, own = draws.blends.unbind(2)
    changed = draws.hue != 0
    assert binomtest(int(changed.sum()), N, 0.8).pvalue > UNLIKELY
    used = {"brightness": (mean + own == 0) & (factors != 1), "contrast": mean == 1, "saturation": own == 1}
    for k, where in enumerate(used.values()):
        ours = factors[where & changed[:, None]]
        assert len(ours) == changed.sum()
        assert ks_2samp(ours, [row[1 + k] for row in theirs]).pvalue > UNLIKELY
    assert ks_2samp(draws.hue[changed], [row[4] for row in theirs]).pvalue > UNLIKELY
    counts = dict.fromkeys(itertools.permutations(range(4)), 0)
    slots = torch.stack([where[changed].int().argmax(1) for where in used.values()], 1)
    for b, c, s in slots.tolist():
        counts[tuple(torch.tensor([b, c, s, SLOTS // 2 - 0.5]).argsort().tolist())] += 1
    assert chisquare(list(counts.values())).pvalue > UNLIKELY


def test_blur_grey_and_flip_are_distributed_as_torchvisions():
    draws = ViewDraws.draw(N, (3, 16, 16), Views(blur_sigma_min=0.5), stream())
    blurred = draws.taps[:, 1] > 0
    sigma = (-0.5 / (draws.taps[blurred, 1] / draws.taps[blurred, 0]).log()).sqrt()
    torch.manual_seed(1)
    assert ks_2samp(sigma, [GaussianBlur.get_params(0.5, 2.0) for _ in range(N)]).pvalue > UNLIKELY
    for share, probability in ((blurred, 0.5), (draws.grey, 0.2), (draws.flip, 0.5)):
        assert binomtest(int(share.sum()), N, probability).pvalue > UNLIKELY


def test_grey_images_know_no_colour():
    draws = ViewDraws.draw(50, (1, 8, 8), Views(), stream())
    assert draws.hue is None and draws.grey is None
    assert not draws.blends[:, :, 2].any()
