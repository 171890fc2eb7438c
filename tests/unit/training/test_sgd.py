"""SGD: the same bytes as torch's fused class, and none of its imports."""

import subprocess
import sys

import pytest
import torch

from altools.training.sgd import Sgd, learning_rate


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_it_moves_parameters_as_torchs_class_does(momentum):
    rng = torch.Generator().manual_seed(0)
    start = [torch.randn(5, 3, generator=rng), torch.randn(3, generator=rng), torch.randn(2, generator=rng)]
    ours, theirs = ([value.clone().requires_grad_() for value in start] for _ in range(2))
    sgd = Sgd(ours[:2], ours[2:], momentum=momentum, weight_decay=5e-4)
    groups = [{"params": theirs[:2]}, {"params": theirs[2:]}]
    reference = torch.optim.SGD(groups, lr=1.0, momentum=momentum, weight_decay=5e-4, fused=True)
    for step in range(5):
        gradients = [torch.randn(value.shape, generator=rng) for value in start]
        for own, other, gradient in zip(ours, theirs, gradients, strict=True):
            own.grad, other.grad = gradient.clone(), gradient.clone()
        rates = (0.1 / (step + 1), 0.2)
        for group, rate in zip(reference.param_groups, rates, strict=True):
            group["lr"] = rate
        sgd.step(*rates)
        reference.step()
        assert all(torch.equal(own, other) for own, other in zip(ours, theirs, strict=True)), step


def test_parameters_without_a_gradient_stay():
    one, two = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    sgd = Sgd([one, two], momentum=0.9, weight_decay=0.1)
    one.grad = torch.ones(2)
    sgd.step(0.5)
    sgd.zero_grad()
    assert torch.equal(two, torch.ones(2)) and not torch.equal(one, torch.ones(2)) and one.grad is None


def test_a_training_imports_neither_dynamo_nor_sympy():
    code = """
import sys, torch
from altools import models
from altools.config.recipes import ModelSpec, Recipe
from altools.data.images import Images
from altools.rng import stream
from altools.training.predict import predict
from altools.training.supervised import train
images = Images.on(torch.device("cpu"), torch.zeros(20, 1, 8, 8, dtype=torch.uint8), [0.5], [0.5])
model = models.build(ModelSpec(name="small_cnn"), 1, 2, stream(0, "weights"))
train(model, images, torch.zeros(20, dtype=torch.long), torch.arange(20), Recipe(epochs=1), lambda e: stream(0, "x"))
predict(model, images)
print(sorted({"torch._dynamo", "sympy", "torchvision", "pandas", "sklearn", "scipy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_cosine_ends_near_zero_and_constant_stays():
    assert learning_rate("cosine", 1.0, 0, 10) == 1 and learning_rate("cosine", 1.0, 5, 10) == pytest.approx(0.5)
    assert learning_rate("cosine", 1.0, 9, 10) == pytest.approx(0.0245, abs=1e-4)
    assert learning_rate("constant", 1.0, 9, 10) == 1
