"""Networks: shapes, the protocol's initial law, and no draw from the global generator."""

import pytest
import torch

from altools import models
from altools.config import plugins
from altools.config.recipes import ModelSpec
from altools.rng import stream

CASES = [
    ("small_cnn", {}, (1, 8, 8), 64),
    ("small_cnn", {"filters": 4, "width": 10}, (3, 32, 32), 10),
    ("resnet18", {"stem": "cifar"}, (3, 32, 32), 512),
    ("resnet18", {"stem": "imagenet"}, (1, 64, 64), 512),
]


@pytest.mark.parametrize(("name", "options", "shape", "width"), CASES)
def test_outputs_have_names_and_shapes(name, options, shape, width):
    model = models.build(ModelSpec(name=name, options=options), shape[0], 7, stream(0, "weights")).eval()
    out = model(torch.rand(2, *shape))
    assert out.logits.shape == (2, 7) and out.embeddings.shape == (2, width)
    assert torch.allclose(model.head(out.embeddings), out.logits)


def test_every_shipped_network_is_listed():
    assert {"small_cnn", "resnet18"} <= set(plugins.names("altools.models"))


def test_weights_come_from_the_stream_alone():
    before = torch.get_rng_state()
    one, two, other = (models.build(ModelSpec(name="small_cnn"), 1, 3, stream(seed, "weights")) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name])
    assert not torch.equal(one.head.weight, other.head.weight)


def test_the_initial_law_is_pytorchs_default():
    model = models.build(ModelSpec(name="resnet18", options={"stem": "cifar"}), 3, 10, stream(0, "weights"))
    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            bound = layer.weight[0].numel() ** -0.5  # kaiming_uniform with a = sqrt(5)
            assert layer.weight.abs().max() <= bound
            assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)


def test_resnet18_counts_the_known_parameters():
    model = models.build(ModelSpec(name="resnet18", options={"stem": "cifar"}), 3, 10, stream(0, "weights"))
    assert sum(value.numel() for value in model.parameters()) == 11_173_962


def test_grey_images_enter_a_resnet_as_three_equal_channels():
    model = models.build(ModelSpec(name="resnet18"), 1, 4, stream(0, "weights")).eval()
    grey = torch.rand(2, 1, 64, 64)
    assert torch.equal(model(grey).logits, model(grey.repeat(1, 3, 1, 1)).logits)


def test_weights_of_layers_that_nobody_here_knows_follow_the_seed(tmp_path, monkeypatch):
    package = tmp_path / f"lab_{tmp_path.name}"
    package.mkdir()
    (package / "own.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "from altools.models import Classifier\n"
        "class Net(Classifier):\n"
        "    def __init__(self, classes):\n"
        "        super().__init__(nn.Flatten(), 4, classes, 1)\n"
        "        self.scale = nn.Parameter(torch.randn(4))\n"
        "def build(channels, classes):\n"
        "    return Net(classes)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    one, two, other = (
        models.build(ModelSpec(name=f"{package.name}.own"), 1, 3, stream(seed, "weights")) for seed in (0, 0, 1)
    )
    assert torch.equal(one.scale, two.scale) and not torch.equal(one.scale, other.scale)
