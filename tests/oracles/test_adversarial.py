"""DeepFool and BIM against closed forms, their definitions one image at a time, and foolbox."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from altools.kernels.adversarial import bim, deepfool
from altools.rng import stream


class Net(nn.Module):
    """A smooth two-layer network on 1 x 4 x 4 images, with batch normalisation."""

    def __init__(self, classes=5, seed=0, gain=1.0):
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        self.first = nn.Linear(16, 12)
        self.normalise = nn.BatchNorm1d(12)
        self.last = nn.Linear(12, classes)
        for layer in (self.first, self.last):
            layer.weight.data = torch.randn(layer.weight.shape, generator=rng) * 0.8
            layer.bias.data = torch.randn(layer.bias.shape, generator=rng) * 0.5
        self.gain = gain
        self.eval()

    def forward(self, images):
        return self.gain * self.last(torch.tanh(self.normalise(self.first(images.flatten(1) - 0.5))))


def images_of(count, seed=0, side=4):
    return torch.rand(count, 1, side, side, generator=stream(seed, "images"))


def linear(classes=6, side=4, seed=0):
    rng = stream(seed, "linear")
    weight, bias = torch.randn(classes, side * side, generator=rng), torch.randn(classes, generator=rng)
    return weight, bias, lambda images: images.flatten(1) @ weight.T + bias


def closed_form(weight, bias, images):
    """Distance of every image to the nearest boundary of a linear classifier, one class at a time."""
    distances = []
    for x in images.flatten(1).double().numpy():
        logits = weight.double().numpy() @ x + bias.double().numpy()
        top = int(logits.argmax())
        distances.append(
            min(
                abs(logits[k] - logits[top]) / np.linalg.norm(weight[k].double() - weight[top].double())
                for k in range(len(logits))
                if k != top
            )
        )
    return np.array(distances)


def scalar_deepfool(net, image, *, max_steps=50, overshoot=0.02, nudge=1e-4):
    """Algorithm 2 on one image: every class has its own forward and backward pass."""

    def gradient(x, k):
        point = x.clone().requires_grad_()
        value = net(point[None])[0, k]
        return value.item(), torch.autograd.grad(value, point)[0].numpy()

    x, total = image, np.zeros(image.shape)
    top = int(net(x[None]).argmax())
    for _ in range(max_steps):
        value_top, slope_top = gradient(x, top)
        best, step = math.inf, None
        for k in range(net(x[None]).shape[1]):
            if k == top:
                continue
            value, slope = gradient(x, k)
            w, f = slope - slope_top, value - value_top
            if abs(f) / np.linalg.norm(w) < best:
                best = abs(f) / np.linalg.norm(w)
                step = (best + nudge) * w / np.linalg.norm(w)
        total = total + step
        x = image + torch.from_numpy((1 + overshoot) * total).float()
        if int(net(x[None]).argmax()) != top:
            return float((((1 + overshoot) * total) ** 2).sum())
    return math.inf


def scalar_bim(net, image, *, step=0.01, max_steps=100, clip=True):
    """Cross-entropy, one image at a time."""
    x = image.double()
    top = net(x[None]).argmax(1)
    for _ in range(max_steps):
        point = x.clone().requires_grad_()
        slope = torch.autograd.grad(nn.functional.cross_entropy(net(point[None]), top), point)[0]
        x = x + step * slope.sign()
        x = x.clamp(0, 1) if clip else x
        if net(x[None]).argmax(1) != top:
            return float(((x - image.double()) ** 2).sum())
    return math.inf


@given(st.integers(0, 1000), st.integers(2, 8))
@settings(deadline=None, max_examples=20)
def test_deepfool_of_a_linear_model_is_the_distance_to_the_nearest_boundary(seed, classes):
    weight, bias, predict = linear(classes, seed=seed)
    images = images_of(20, seed)
    ours = deepfool(predict, images).sqrt()
    expected = 1.02 * (closed_form(weight, bias, images) + 1e-4)
    assert ours.tolist() == pytest.approx(expected.tolist(), rel=2e-3)


def test_deepfool_without_a_nudge_is_the_closed_form_times_the_overshoot():
    weight, bias, predict = linear()
    images = images_of(50)
    ours = deepfool(predict, images, nudge=0.0).sqrt()
    assert ours.tolist() == pytest.approx((1.02 * closed_form(weight, bias, images)).tolist(), rel=2e-4)


def test_deepfool_equals_its_definition_one_image_at_a_time():
    net, images = Net(), images_of(12)
    ours = deepfool(net, images, batch_size=5)
    expected = [scalar_deepfool(net, image) for image in images]
    assert ours.tolist() == pytest.approx(expected, rel=1e-3)
    assert len(set(ours.tolist())) == 12


@pytest.mark.parametrize("clip", [True, False])
def test_bim_equals_its_definition_one_image_at_a_time(clip):
    net, images = Net(), images_of(12)
    ours = bim(net, images, batch_size=5, clip=clip)
    expected = [scalar_bim(Net().double(), image, clip=clip) for image in images]
    assert ours.tolist() == pytest.approx(expected, rel=1e-4)
    assert ours.isfinite().any()


@pytest.mark.parametrize("attack", [deepfool, bim])
@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_an_image_does_not_depend_on_its_batch(attack, batch_size):
    net, images = Net(seed=3), images_of(17, seed=3)
    alone = torch.cat([attack(net, image[None]) for image in images])
    torch.testing.assert_close(attack(net, images, batch_size=batch_size), alone, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("attack", [deepfool, bim])
def test_no_gradient_means_never_flipped_not_nan(attack):
    images = images_of(4)
    constant = torch.tensor([2.0, 1.0, 2.0])
    assert attack(lambda x: x.flatten(1).sum(1, keepdim=True) * 0 + constant, images).isposinf().all()
    assert attack(lambda x: constant.expand(len(x), -1), images).isposinf().all()


@pytest.mark.parametrize("attack", [deepfool, bim])
def test_a_flat_image_does_not_disturb_the_others(attack):
    _, _, predict = linear()
    images = images_of(8)
    flat = torch.tensor([False, True] * 4)

    def partly(points):
        blank = (points.flatten(1).mean(1, keepdim=True) < 0.05).float()
        return predict(points) * (1 - blank) + blank * torch.arange(6.0)

    mixed = torch.where(flat[:, None, None, None], images * 0.01, images)
    ours = attack(partly, mixed)
    assert ours[flat].isposinf().all()
    torch.testing.assert_close(ours[~flat], attack(predict, images[~flat]))


@pytest.mark.parametrize("attack", [deepfool, bim])
def test_logits_that_are_not_finite_mean_never_flipped(attack):
    ours = attack(lambda x: x.flatten(1)[:, :3] * torch.tensor([1.0, float("nan"), 1.0]), images_of(3))
    assert ours.isposinf().all()


@pytest.mark.parametrize("attack", [deepfool, bim])
def test_out_of_steps_means_never_flipped(attack):
    weight, bias, _ = linear()
    far = bias + torch.tensor([500.0, 0, 0, 0, 0, 0])
    ours = attack(lambda x: torch.tanh((x.flatten(1) @ weight.T + far) / 50) * 50, images_of(5), max_steps=2)
    assert ours.isposinf().all()


def test_deepfool_leaves_a_tie_at_once():
    weight, _, _ = linear(2)
    ours = deepfool(lambda x: (x - 0.5).flatten(1) @ weight.T, torch.full((1, 1, 4, 4), 0.5))
    assert 0 < float(ours) < 1e-6


def test_bim_flips_where_cross_entropy_has_no_gradient_left():
    net, images = Net(classes=2, gain=1e4), images_of(6)
    point = images.clone().requires_grad_()
    logits = net(point)
    loss = nn.functional.cross_entropy(logits, logits.argmax(1), reduction="sum")
    dead = (torch.autograd.grad(loss, point)[0] == 0).flatten(1).all(1)
    assert dead.any()
    ours = bim(net, images)
    torch.testing.assert_close(ours, bim(Net(classes=2), images))  # a factor on two logits changes no sign
    assert ours[dead].isfinite().any()


def test_bim_counts_pixels_in_pixel_units_and_stays_inside():
    black = torch.zeros(1, 1, 4, 4)
    brighter = lambda x: torch.stack([x.flatten(1).sum(1) * 0 + 0.79, x.flatten(1).sum(1)], 1)  # noqa: E731
    assert float(bim(brighter, black, step=0.01)) == pytest.approx(16 * 0.05**2, rel=1e-4)
    darker = lambda x: torch.stack([x.flatten(1).sum(1) * 0, -x.flatten(1).sum(1) - 0.1], 1)  # noqa: E731
    assert bim(darker, black).isposinf().all()
    assert bim(darker, black, clip=False).isfinite().all()


@pytest.mark.parametrize("attack", [deepfool, bim])
def test_no_weight_gradient_and_no_batch_statistic_is_touched(attack):
    net = Net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with torch.no_grad():
        attack(net, images_of(6))
    assert all(parameter.grad is None for parameter in net.parameters())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_deepfool_looks_at_the_likeliest_classes_only():
    weight, bias, predict = linear(30)
    images = images_of(20)
    every = deepfool(predict, images, classes=30)
    ten = deepfool(predict, images)
    assert (ten >= every * 0.999).all()
    assert every.sqrt().tolist() == pytest.approx(
        (1.02 * (closed_form(weight, bias, images) + 1e-4)).tolist(), rel=2e-3
    )


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_deepfool_agrees_with_foolbox():
    import foolbox

    net, images = Net(seed=5), images_of(30, seed=5)
    model = foolbox.PyTorchModel(net, bounds=(-50, 50), device="cpu")
    moved = foolbox.attacks.L2DeepFoolAttack(steps=50).run(model, images, net(images).argmax(1))
    theirs = (moved - images).square().flatten(1).sum(1)
    torch.testing.assert_close(deepfool(net, images), theirs, rtol=2e-3, atol=1e-6)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_bim_agrees_with_foolbox():
    import foolbox

    net, images = Net(seed=6), images_of(20, seed=6)
    labels = net(images).argmax(1)
    model = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu")
    theirs = torch.full((20,), math.inf)
    for steps in range(1, 31):
        attack = foolbox.attacks.LinfBasicIterativeAttack(abs_stepsize=0.01, steps=steps, random_start=False)
        moved = attack.run(model, images, labels, epsilon=1.0)
        flipped = (net(moved).argmax(1) != labels) & theirs.isinf()
        theirs = torch.where(flipped, (moved - images).square().flatten(1).sum(1), theirs)
    torch.testing.assert_close(bim(net, images, max_steps=30), theirs, rtol=1e-4, atol=1e-7)
    assert theirs.isfinite().any()
