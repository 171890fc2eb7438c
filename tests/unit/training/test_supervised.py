"""Training: equal to a plain loop written with torch's own parts, the same bytes each time, and it learns."""

import pytest
import torch
import torch.nn.functional as F

from altools import models
from altools.config.recipes import Augmentation, ModelSpec, Recipe
from altools.data.images import Draws, Images
from altools.errors import UserError
from altools.rng import stream
from altools.runtime.checkpoint import Checkpoint
from altools.training import supervised
from altools.training.precision import precision_for
from altools.training.predict import predict
from altools.training.supervised import train

RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=0.05)


@pytest.fixture
def data():
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (50,), generator=rng)
    pixels = (labels[:, None, None, None] * 80 + torch.randint(0, 60, (50, 1, 8, 8), generator=rng)).to(torch.uint8)
    return Images.on(torch.device("cpu"), pixels, [0.4], [0.3]), labels


def fresh():
    return models.build(ModelSpec(name="small_cnn", options={"filters": 4, "width": 8}), 1, 3, stream(0, "weights"))


def streams(epoch):
    return stream(0, f"epoch {epoch}")


def test_it_equals_a_plain_loop(data):
    images, labels = data
    rows = torch.arange(21)
    ours, plain = fresh(), fresh()
    history = train(ours, images, labels, rows, RECIPE, streams)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)
    for epoch in range(3):
        order = rows[torch.randperm(21, generator=streams(epoch))]
        assert history.columns["learning_rate"][epoch] == pytest.approx(schedule.get_last_lr()[0])
        losses = []
        for part in order.split(8):
            loss = F.cross_entropy(plain(images.batch(part)).logits, labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * len(part))
        schedule.step()
        assert history.columns["loss"][epoch] == pytest.approx(sum(losses) / 21, rel=1e-4)
    for name, value in plain.state_dict().items():
        assert torch.allclose(ours.state_dict()[name], value, atol=1e-5), name


def test_the_same_seed_gives_the_same_bytes(data):
    images, labels = data
    recipe = Recipe(epochs=2, augmentation=Augmentation(crop_padding=1, horizontal_flip=True))
    results = []
    for _ in range(2):
        model = fresh()
        train(model, images, labels, torch.arange(30), recipe, streams)
        results.append(model.state_dict())
    assert all(torch.equal(value, results[1][name]) for name, value in results[0].items())


def test_unlabelled_images_have_no_influence(data):
    images, labels = data
    one, two = fresh(), fresh()
    train(one, images, labels, torch.arange(20), RECIPE, streams)
    labels = labels.clone()
    labels[20:] = 0
    images.pixels[20:] = 0
    train(two, images, labels, torch.arange(20), RECIPE, streams)
    assert torch.equal(one.head.weight, two.head.weight)


def test_it_learns(data):
    images, labels = data
    model = fresh()
    train(model, images, labels, torch.arange(50), Recipe(epochs=30, learning_rate=0.05), streams)
    assert (predict(model, images).logits.argmax(1) == labels).float().mean() > 0.9


def test_a_diverging_loss_is_named_with_epoch_and_rate(data):
    images, labels = data
    with pytest.raises(
        UserError, match=r"must stay finite. Got nan in epoch 0, step 1 of 3, at learning rate 1e\+30 .*lower"
    ):
        train(fresh(), images, labels, torch.arange(50), Recipe(epochs=2, learning_rate=1e30), streams, "job")


def test_weights_that_the_last_step_spoils_are_refused_and_never_saved(data, tmp_path):
    images, labels = data
    file = tmp_path / "checkpoint.safetensors"
    saves = Checkpoint(path=file, identity={}, every_epochs=1)
    with pytest.raises(
        UserError, match=r"the weights must stay finite\. The last step made one infinite \(job\); lower recipe"
    ):
        explosive = Recipe(epochs=1, learning_rate=1e60)
        train(fresh(), images, labels, torch.arange(20), explosive, streams, "job", saves)
    assert not file.exists()


def with_dropout():
    """A network that draws random numbers itself, and keeps what is in no checkpoint."""
    model = fresh()
    model.backbone = torch.nn.Sequential(model.backbone, torch.nn.Dropout(0.5))
    model.backbone.register_buffer("scratch", torch.zeros(3), persistent=False)
    return model


def test_layers_that_draw_follow_the_streams_also_when_resumed(data, tmp_path):
    images, labels = data
    ends = []
    for stop, other in ((3, 0), (1, 1), (3, 2)):  # whole; the first epoch; continuing from it
        torch.manual_seed(other)
        saves = Checkpoint(path=tmp_path / f"{stop if other else 'whole'}", identity={}, every_epochs=1)
        if other == 2:
            saves = Checkpoint(path=tmp_path / "1", identity={}, every_epochs=1)
        model = with_dropout()
        recipe = Recipe(epochs=stop, batch_size=8, learning_rate=0.05, schedule="constant")
        history = train(model, images, labels, torch.arange(21), recipe, streams, "job", saves)
        ends.append(model.state_dict())
    assert len(history.columns["loss"]) == 3
    assert all(torch.equal(value, ends[2][name]) for name, value in ends[0].items())
    torch.manual_seed(0)
    other = with_dropout()
    train(other, images, labels, torch.arange(21), recipe, lambda epoch: stream(1, f"epoch {epoch}"))
    assert not torch.equal(other.head.weight, ends[0]["head.weight"])


def test_the_state_that_a_capture_leaves_alone_is_every_tensor_of_the_network(data):
    images, labels = data
    model = with_dropout()
    optimizer = supervised.Sgd(model.parameters(), momentum=0.9, weight_decay=0.0)
    precision = precision_for(model, images.device, "float32")
    run = supervised._Epochs(model, images, labels, torch.arange(9), RECIPE, optimizer, precision)
    kept = {tensor.data_ptr() for tensor in run.state}
    assert {tensor.data_ptr() for tensor in (*model.parameters(), *model.buffers())} <= kept


def test_predicting_changes_nothing_and_batches_do_not_matter(data, monkeypatch):
    images, labels = data
    model = fresh()
    train(model, images, labels, torch.arange(20), RECIPE, streams)
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    whole = predict(model, images)
    monkeypatch.setattr("altools.training.predict.BATCH", {"cpu": 7})
    parts = predict(model, images)
    assert model.training and torch.allclose(whole.logits, parts.logits, atol=1e-6)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_steps_that_count_themselves_are_the_same_steps(data, monkeypatch):
    """What a GPU replays is run here step by step: the same as slices of the epoch, to rounding."""
    images, labels = data
    recipe = Recipe(epochs=3, batch_size=8, augmentation=Augmentation(crop_padding=1, vertical_flip=True))
    rows = torch.arange(21)
    sliced, counted = fresh(), fresh()
    expected = train(sliced, images, labels, rows, recipe, streams)

    def epoch(self, rng, rate):
        order = self.rows[torch.randperm(len(self.rows), generator=rng)]
        draws = Draws.draw(len(order), self.recipe.augmentation, rng)
        self.correct.zero_()
        if self.counted is None:
            self.counted = supervised._Counted(self, order, draws, capture=lambda step: step)
        self.counted.epoch(order, draws, rate)
        return self.losses.double(), int(self.correct)

    monkeypatch.setattr(supervised._Epochs, "epoch", epoch)
    history = train(counted, images, labels, rows, recipe, streams)
    assert history.columns["accuracy"] == expected.columns["accuracy"]
    assert history.columns["loss"] == pytest.approx(expected.columns["loss"], rel=1e-5)
    for name, value in sliced.state_dict().items():
        assert torch.allclose(counted.state_dict()[name], value, rtol=1e-4, atol=1e-6), name


def test_bfloat16_follows_float32(data):
    images, labels = data
    runs = {}
    for precision in ("float32", "bfloat16"):
        model = fresh()
        recipe = Recipe(epochs=20, learning_rate=0.05, precision=precision)
        runs[precision] = train(model, images, labels, torch.arange(50), recipe, streams)
        assert all(value.dtype != torch.bfloat16 for value in model.state_dict().values())
    assert runs["bfloat16"].columns["loss"] != runs["float32"].columns["loss"]
    assert runs["bfloat16"].columns["loss"][0] == pytest.approx(runs["float32"].columns["loss"][0], rel=2e-2)
    assert runs["bfloat16"].columns["accuracy"][-1] == pytest.approx(runs["float32"].columns["accuracy"][-1], abs=0.1)


@pytest.mark.parametrize(("flag", "filters", "half"), [(True, 4, False), (True, 400, True), (False, 400, False)])
def test_a_cpu_computes_in_bfloat16_only_where_it_can_and_the_network_is_large(monkeypatch, flag, filters, half):
    monkeypatch.setattr("altools.training.precision.cpu_has", lambda name: flag and name == "avx512_bf16")
    model = models.build(ModelSpec(name="small_cnn", options={"filters": filters}), 1, 3, stream(0, "weights"))
    cpu = torch.device("cpu")
    assert precision_for(model, cpu, "auto").half is half
    assert precision_for(model, cpu, "float32").name == "float32"
    assert precision_for(model, cpu, "bfloat16").name == "bfloat16"


def test_a_gpu_without_bfloat16_says_so(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Old GPU")
    cuda = torch.device("cuda")
    assert not precision_for(fresh(), cuda, "auto").half
    assert "Old GPU does not compute in bf16: training in float32" in capsys.readouterr().err
    assert not precision_for(fresh(), cuda, "auto", quiet=True).half
    assert not precision_for(fresh(), cuda, "float32").half and not capsys.readouterr().err
    with pytest.raises(UserError, match="precision must be auto or float32 here.*Old GPU cannot compute"):
        precision_for(fresh(), cuda, "bfloat16")
