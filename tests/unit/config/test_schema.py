"""Every wrong config is refused in one sentence with the path of the key, and right ones are completed."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from altools.config import schema as config
from altools.errors import UserError

ROOT = Path(__file__).parents[3]
DEFAULT = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def changed(path, value):
    """The default config with one value changed; a path like ``datasets.0.recipe.epochs``."""
    data = copy.deepcopy(DEFAULT)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = data
    for part in parents:
        place = place[part]
    place[last] = value
    return data


WRONG = {
    "unknown strategy lists the known": (
        "strategies",
        ["random", "margn"],
        r"'margn' is not a module.*Known: .*margin",
    ),
    "misspelt top key": ("strategys", [], r"strategys is not a key here; did you mean 'strategies'\?"),
    "misspelt dataset key": ("datasets.0.bugdet", 5, r"datasets\[0\]\.bugdet is not a key here; did you mean 'budget'"),
    "misspelt recipe key": ("datasets.0.recipe.epoch", 5, r"recipe\.epoch is not a key here; did you mean 'epochs'"),
    "misspelt augmentation key": (
        "recipe.augmentation",
        {"horizontal": True},
        r"augmentation\.horizontal is not a key here; did you mean 'horizontal_flip'",
    ),
    "misspelt source option": ("datasets.0.options", {"pth": "x"}, r"options\.pth is not a key here"),
    "misspelt model option": (
        "datasets.0.model_options",
        {"widht": 8},
        r"widht is not a key here; did you mean 'width'",
    ),
    "model option out of bounds": ("datasets.0.model_options", {"width": 0}, r"model_options\.width must be greater"),
    "misspelt strategy option": ("strategy_options", {"entropy": {"mc_averag": 3}}, r"did you mean 'mc_average'"),
    "strategy option of wrong type": (
        "strategy_options",
        {"entropy": {"mc_average": "x"}},
        r"mc_average must be a valid int",
    ),
    "options for no strategy": ("strategy_options", {"entropi": {}}, r"strategy_options\.entropi names no strategy"),
    "budget beyond the training set": (
        "datasets.0.rounds",
        99,
        r"must be at most train_images = 1437\. Got 50 \+ 98 \* 50",
    ),
    "initial size 0": ("datasets.0.initial", 0, r"datasets\[0\]\.initial must be greater than or equal to 1\. Got 0"),
    "negative seed": ("seeds", [-1], r"seeds\[0\] must be greater than or equal to 0\. Got -1"),
    "seed twice": ("seeds", [1, 1], r"seeds must be distinct\. Got '1' twice"),
    "dataset twice": ("datasets", [DEFAULT["datasets"][0]] * 2, r"datasets must be distinct\. Got 'digits' twice"),
    "no datasets": ("datasets", [], r"datasets"),
    "unknown source": ("datasets.0.source", "digit", r"'digit' is not a module of altools\.data\.sources"),
    "unknown model": ("datasets.0.model", "resnet19", r"'resnet19' is not a module of altools\.models.*resnet18"),
    "no accuracy": ("metrics", ["calibration"], "metrics must name classification, whose accuracy is compared"),
    "unknown metric": ("metrics", ["f2"], r"'f2' is not a module of altools\.metrics"),
    "unknown setting": ("settings", ["standart"], r"settings\[0\] must be 'standard'"),
    "a name that is a path": ("datasets.0.name", "../up", r"datasets\[0\]\.name must match pattern"),
    "a name that is only dots": ("datasets.0.name", "..", r"datasets\[0\]\.name"),
    "reserved strategy name": ("strategies", ["shared"], r"must not be named 'shared'"),
    "epochs 0": ("datasets.0.recipe.epochs", 0, r"recipe\.epochs must be greater than or equal to 1"),
    "momentum 1": ("recipe.momentum", 1, r"momentum must be less than 1"),
    "learning rate no number": ("datasets.0.recipe.learning_rate", "fast", r"learning_rate must be a valid number"),
    "device": ("device", "gpu", r"device must be 'auto', 'cpu' or 'cuda'\. Got 'gpu'"),
    "datasets of wrong shape": ("datasets", {"digits": {}}, r"datasets must be a valid list"),
    "empty results": ("results", "", r"results must"),
    "several GPUs for what fits one": ("datasets.0.gpus", 2, r"gpus must be 1 where images fit a device\. Got 2"),
    "a crop for encoded images only": (
        "recipe.augmentation",
        {"crop_scale_min": 0.2},
        r"crop_scale_min is for images that stay encoded; use crop_padding",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_values_are_refused_with_path_and_value(case):
    path, value, message = WRONG[case]
    with pytest.raises(UserError, match=message):
        config.load(changed(path, value))


def test_a_missing_key_is_named():
    data = copy.deepcopy(DEFAULT)
    del data["datasets"][0]["budget"]
    with pytest.raises(UserError, match=r"datasets\[0\]\.budget is missing; add it"):
        config.load(data)


def test_values_from_the_command_line_are_coerced():
    data = {**copy.deepcopy(DEFAULT), "strategies": "random,margin", "seeds": ["0", "2"]}
    loaded = config.load(data)
    assert loaded.strategies == ["random", "margin"] and loaded.seeds == [0, 2]
    assert config.load({**data, "seeds": "0,1"}).seeds == [0, 1]
    assert config.load({**data, "seeds": 7}).seeds == [7]


def test_datasets_inherit_the_common_recipe_and_keep_their_own():
    loaded = config.load(changed("recipe.momentum", 0.5))
    recipe = loaded.dataset("digits").recipe
    assert (recipe.momentum, recipe.epochs) == (0.5, 30)


def test_strategy_options_are_completed_from_the_signature_and_the_signals():
    loaded = config.load(changed("strategy_options", {"entropy": {"mc_average": "7"}}))
    strategy = loaded.strategy("entropy")
    assert strategy.signal_options == {"mc_average": 7, "mc_rate": 0.5}
    assert strategy.module == "altools.strategies.entropy" and strategy.needs == {"probs"}


@pytest.mark.parametrize(
    ("strategy", "option", "value", "limit"),
    [
        ("bald", "mc_rate", 1.0, "less than 1"),
        ("bald", "mc_rate", -0.5, "greater than or equal to 0"),
        ("bald", "mc_samples", 1, "greater than or equal to 2"),
        ("adversarial_bim", "bim_step", -0.1, "greater than 0"),
        ("adversarial_deepfool", "deepfool_overshoot", -0.5, "greater than or equal to 0"),
    ],
)
def test_options_of_signals_have_bounds(strategy, option, value, limit):
    with pytest.raises(UserError, match=rf"strategy_options\.{strategy}\.{option} .*{limit}"):
        config.load(changed("strategy_options", {strategy: {option: value}}))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            'NEEDS = frozenset({"prob"})\ndef select(pool, budget, rng): ...',
            "holds 'prob', no signal; did you mean 'probs'",
        ),
        ("N = {1}\nNEEDS = frozenset(N)\ndef select(pool, budget, rng): ...", "must define NEEDS"),
        (
            "NEEDS = frozenset()\nHALF = 0.5\ndef select(pool, budget, rng, *, share: float = HALF): ...",
            "The default of share of .*mine.select must be a literal.* Got HALF",
        ),
    ],
)
def test_a_strategy_of_ones_own_that_cannot_work_is_refused_before_anything_runs(
    tmp_path, monkeypatch, source, sentence
):
    package = tmp_path / f"lab_{tmp_path.name}"  # a name of its own: what a module says is read once
    package.mkdir()
    (package / "mine.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    data = changed("strategies", ["random", "own"])
    data["strategy_options"] = {"own": {"use": f"{package.name}.mine"}}
    with pytest.raises(UserError, match=sentence):
        config.load(data)


@pytest.mark.parametrize("value", ["WORSE", '("brier",)', "frozenset({1})"])
def test_a_metric_of_ones_own_says_in_plain_words_of_what_less_is_better(tmp_path, monkeypatch, value):
    package = tmp_path / f"lab_{tmp_path.name}"
    package.mkdir()
    (package / "mine.py").write_text(
        f'WORSE = "brier"\nLOWER_IS_BETTER = {value}\ndef score(probs, labels, classes): ...'
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"LOWER_IS_BETTER of .*mine must be a literal set of names"):
        config.load(changed("metrics", ["classification", f"{package.name}.mine"]))


def test_a_label_of_ones_own_names_its_module():
    data = changed("strategies", ["random", "mc_entropy"])
    data["strategy_options"] = {"mc_entropy": {"use": "entropy", "mc_average": 5}}
    assert config.load(data).strategy("mc_entropy").module == "altools.strategies.entropy"


def test_plain_parts_hold_only_what_snakemake_compares():
    recipe = config.plain(config.load(DEFAULT).dataset("digits").recipe)
    assert recipe == json.loads(json.dumps(recipe)) and isinstance(recipe["augmentation"], dict)


def test_the_schema_for_editors_is_in_step():
    schema = json.loads((ROOT / "config/schema.json").read_text())
    assert schema == json.loads(json.dumps(config.Config.model_json_schema())), "run `make schema`"


def test_the_hash_seed_does_not_reach_the_params():
    code = """
import yaml
from altools.config import schema as config
loaded = config.load(yaml.safe_load(open("config/config.yaml")))
print([loaded.strategy(name).signal_options for name in loaded.strategies])
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(outputs) == 1


IMAGENET = yaml.safe_load((ROOT / "config/imagenet.yaml").read_text())
WRONG_ENCODED = {
    "no mean": ({"mean": None}, {}, "mean and std must be given for images that stay encoded"),
    "padding": (
        {"recipe": {"augmentation": {"crop_padding": 4}}},
        {},
        "must be crop_scale_min and horizontal_flip only",
    ),
    "batch": ({"recipe": {"batch_size": 2}}, {}, r"gpus must be at most recipe\.batch_size = 2\. Got 4"),
    "pre-training": ({}, {"settings": ["simsiam"]}, "settings must not have simsiam with imagenet"),
}


@pytest.mark.parametrize("case", WRONG_ENCODED)
def test_what_encoded_images_cannot_do_is_refused(case):
    entry, top, message = WRONG_ENCODED[case]
    data = {**IMAGENET, **top, "datasets": [{**IMAGENET["datasets"][0], **entry}]}
    with pytest.raises(UserError, match=message):
        config.load(data)
    assert config.load(IMAGENET).dataset("imagenet").gpus == 4
