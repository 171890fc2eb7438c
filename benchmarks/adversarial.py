"""DeepFool and BIM on a small network against the plain loop over images that public active-learning code runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn

from altools.kernels.adversarial import bim, deepfool
from benchmarks.harness import Case

STEPS, OVERSHOOT, NUDGE = 50, 0.02, 1e-4
BIM_STEP, BIM_STEPS = 0.01, 100


@cache
def task(size: int, side: int, classes: int = 10) -> tuple[nn.Module, Tensor]:
    """Return a small convolutional network, briefly trained on a class mixture, and images of that mixture."""
    rng = torch.Generator().manual_seed(0)
    patterns = torch.rand(classes, 1, side, side, generator=rng)

    def images_of(labels: Tensor) -> Tensor:
        noise = torch.rand(len(labels), 1, side, side, generator=rng)
        return 0.4 * patterns[labels] + 0.6 * noise

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16 * (side // 2) ** 2, classes),
        )
    optimiser = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(60):
        labels = torch.randint(0, classes, (64,), generator=rng)
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(images_of(labels)), labels).backward()
        optimiser.step()
    net.eval().requires_grad_(False)
    return net, images_of(torch.randint(0, classes, (size,), generator=rng))


def cases() -> list[Case]:
    """Return the tasks and goals of this topic."""
    return [
        case("DeepFool", lambda net, images: deepfool(net, images), one_deepfool),
        case("BIM", lambda net, images: bim(net, images, step=BIM_STEP, max_steps=BIM_STEPS, clip=False), one_bim),
    ]


def case(
    name: str,
    attack: Callable[[nn.Module, Tensor], Tensor],
    single: Callable[[nn.Module, Tensor], float],
    size: int = 400,
    side: int = 8,
) -> Case:
    """Distances of all images: batched, and one image after the other."""

    def ours() -> Tensor:
        return attack(*task(size, side))

    def peer() -> Tensor:
        net, images = task(size, side)
        return torch.tensor([single(net, image) for image in images.split(1)])

    def check(mine: Tensor, theirs: Tensor) -> str:
        close = torch.isclose(mine, theirs, rtol=1e-3)
        assert close.double().mean() > 0.99, f"{int((~close).sum())} of {size} distances differ"
        return f"{int(close.sum())} of {size} distances equal to 1e-3, {int(mine.isfinite().sum())} flipped"

    return Case(f"{name} n={size} 2-conv net {side} px", ours, peer, "one image at a time", 8, check)


def one_deepfool(net: nn.Module, image: Tensor) -> float:
    """One image: per step a forward pass and a backward pass for every class."""
    total = torch.zeros_like(image)
    point = image.clone().requires_grad_()
    logits = net(point)[0]
    predicted = int(logits.argmax())
    for _ in range(STEPS):
        own = torch.autograd.grad(logits[predicted], point, retain_graph=True)[0]
        best, step = math.inf, total
        for label in range(len(logits)):
            if label == predicted:
                continue
            slope = torch.autograd.grad(logits[label], point, retain_graph=True)[0] - own
            norm = float(slope.norm())
            reach = abs(float(logits[label]) - float(logits[predicted])) / norm
            if reach < best:
                best, step = reach, (reach + NUDGE) / norm * slope
        total = total + step
        point = (image + (1 + OVERSHOOT) * total).requires_grad_()
        logits = net(point)[0]
        if int(logits.argmax()) != predicted:
            return float(((1 + OVERSHOOT) * total).square().sum())
    return math.inf


def one_bim(net: nn.Module, image: Tensor) -> float:
    """One image: per step a forward and a backward pass of the cross-entropy."""
    shift = torch.zeros_like(image)
    with torch.no_grad():
        predicted = net(image).argmax(1)
    for _ in range(BIM_STEPS):
        point = (image + shift).requires_grad_()
        loss = nn.functional.cross_entropy(net(point).double(), predicted)  # in float32 5 of 400 end elsewhere
        shift = shift + BIM_STEP * torch.autograd.grad(loss, point)[0].sign()
        with torch.no_grad():
            if int(net(image + shift).argmax(1)) != int(predicted):
                return float(shift.square().sum())
    return math.inf
