"""What Snakemake compares is plain, and every job is told what its step asks for."""

import importlib
import inspect
import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml

from altools.config import schema
from altools.config.fingerprint import dependencies
from altools.plan import Plan
from tests.grids import tiny

ROOT = Path(__file__).parents[2]
PLAN = Plan(tiny(settings=["standard", "simsiam", "reference_query"], strategies=["random", "margin", "kmeans"]))
LAYOUT = PLAN.layout
RUN = {"dataset": "digits", "setting": "standard", "strategy": "margin", "seed": "1", "round": "2"}

# Step, arguments, and inputs where the plan names them all.
JOBS = {
    "prepare": ("prepare.prepare", PLAN.prepare_arguments("digits"), None),
    "simsiam": ("pretrain.pretrain", PLAN.pretrain_arguments("digits", seed="1"), None),
    "label_initial": ("label.label_initial", PLAN.label_initial_arguments("digits"), None),
    "label_all": ("label.label_all", PLAN.label_all_arguments("digits"), None),
    "train": ("train.train", PLAN.train_arguments("digits", round="2"), None),
    "train_reference": ("train.train", PLAN.train_reference_arguments("digits"), None),
    "predict": ("predict.predict", PLAN.predict_arguments("digits"), None),
    "query": ("query.query", PLAN.query_arguments(**RUN), PLAN.query_inputs(**RUN)),
    "curve": ("curves.curve", PLAN.curve_arguments("digits"), PLAN.curve_inputs("digits", "standard", "margin")),
    "dataset_curves": (
        "curves.dataset_curves",
        PLAN.dataset_curves_arguments(),
        PLAN.dataset_curves_inputs("digits"),
    ),
    "dataset_queries": (
        "curves.dataset_queries",
        PLAN.dataset_queries_arguments("digits"),
        PLAN.dataset_queries_inputs("digits"),
    ),
    **{
        f"statistic {name}": ("statistics.statistic", PLAN.statistic_arguments(name), PLAN.statistic_inputs(name))
        for name in ("summary", "query_notes")
    },
    **{
        f"figure {path}": ("figures.figure", PLAN.figure_arguments(path), PLAN.figure_inputs(path))
        for path in LAYOUT.figures
    },
    "report": ("report.report", PLAN.report_arguments(), PLAN.report_inputs()),
}
OF_EVERY_JOB = {"inputs", "outputs", "job"}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_is_told_what_its_step_asks_for_in_plain_values(job):
    step, arguments, inputs = JOBS[job]
    module, name = step.split(".")
    function = getattr(importlib.import_module(f"altools.steps.{module}"), name)
    assert set(arguments) - {"job"} == set(inspect.signature(function).parameters) - OF_EVERY_JOB
    assert arguments == json.loads(json.dumps(arguments))
    assert arguments["job"]["code"].startswith("altools ")
    kind = get_type_hints(function).get("inputs")
    if inputs is not None and is_dataclass(kind):
        beside = {"dataset_info", "pixels"} if step == "query.query" else set()
        assert set(inputs) | beside == {entry.name for entry in fields(kind)}


def test_a_query_reads_shared_outputs_where_many_queries_ask_one_model():
    first = PLAN.query_inputs(**{**RUN, "round": "1"})
    shared = "results/rounds/digits/standard/shared/seed1/round0"
    assert first == {
        "model": f"{shared}/model.safetensors",
        "model_outputs": f"{shared}/outputs.safetensors",
        "labelled": f"{shared}/labelled.parquet",
        "memory": [],
    }
    second = PLAN.query_inputs(**RUN)
    before = "results/rounds/digits/standard/margin/seed1/round1"
    assert second["model"] == f"{before}/model.safetensors" and second["model_outputs"] == []
    assert second["memory"] == f"{before}/memory.safetensors"
    reference = PLAN.query_inputs(**{**RUN, "setting": "reference_query"})
    assert reference["model_outputs"] == "results/reference/digits/standard/seed1/outputs.safetensors"


def test_only_a_setting_that_starts_from_an_encoder_reads_one():
    assert PLAN.encoder("digits", "standard", "0") == []
    assert PLAN.encoder("digits", "simsiam", "0") == ["results/pretrain/digits/seed0/encoder.safetensors"]


def test_a_training_reads_both_splits_and_a_query_one():
    kinds = ["images.npy", "index.parquet"]
    both = [f"results/data/digits/{split}/{kind}" for split in ("train", "test") for kind in kinds]
    assert PLAN.training_pixels("digits") == both and PLAN.query_pixels("digits") == both[:2]


def test_images_that_stay_encoded_have_a_step_of_their_own_that_reads_their_index():
    plan = Plan(schema.load(yaml.safe_load((ROOT / "config/imagenet.yaml").read_text())))
    assert plan.train_step("imagenet") == "train_encoded.train" and PLAN.train_step("digits") == "train.train"
    assert [path.rpartition("/")[2] for path in plan.training_pixels("imagenet")] == ["index.parquet"] * 2
    assert plan.train_arguments("imagenet")["job"]["gpus"] == 4
    assert "altools.training.streamed" in dependencies("altools.steps.train_encoded")
    assert "altools.training.streamed" not in dependencies("altools.steps.train")


def test_the_seed_of_a_pretraining_is_among_its_params():
    """Snakemake's cache between workflows knows no wildcards."""
    one, other = (PLAN.pretrain_arguments("digits", seed=seed) for seed in ("0", "1"))
    assert one["job"].pop("seed") == 0 and other["job"].pop("seed") == 1 and one == other
