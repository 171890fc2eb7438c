# The config, checked, and the functions that turn wildcards into paths and plain params.
# Everything a rule needs to know about one job is answered here, and only here.
import inspect
import os
import re
import sys
from itertools import product
from pathlib import Path

from snakemake.common import overwrite_function_params
from snakemake.exceptions import WorkflowError

sys.path.insert(0, workflow.basedir)

from altools import config as typed_config
from altools import cost
from altools.cost import start_of
from altools.errors import UserError
from altools.fingerprint import fingerprint
from altools.hardware import gpu_count

try:
    cfg = typed_config.load(config)
except UserError as error:
    raise WorkflowError(f"The config is not valid:\n{error}") from None

if Path(cfg.results).exists() and not Path(cfg.results).is_dir():
    raise WorkflowError(f"{cfg.results} must be a folder. A file of that name is in the way; move it.")

DATASETS = [dataset.name for dataset in cfg.datasets]
ENCODED = [dataset.name for dataset in cfg.datasets if typed_config.stays_encoded(dataset)]
FIXED = [dataset.name for dataset in cfg.datasets if typed_config.options_say_all(dataset)]
PAIRS = [(setting, strategy) for setting in cfg.settings for strategy in cfg.strategies_of(setting)]
# A last query that takes whatever is left is no choice; nothing is said about it.
CHOOSING = {
    dataset.name: [round for round in range(1, dataset.rounds) if not dataset.takes_all(round)]
    for dataset in cfg.datasets
}
QUERIED = [name for name, rounds in CHOOSING.items() if rounds]
COMPARING = [setting for setting in cfg.settings if len(cfg.strategies_of(setting)) > 1]
# Names in altools.steps.statistics and altools.steps.figures, which load pandas and matplotlib (a test compares them).
STATISTICS = [
    *["summary", "paired", "wins", "penalty", "ranks", "rank_pairs", "savings", "gain", "detectable"],
    *["cost", "cost_against_gain"],
]
QUERY_STATISTICS = ["diagnostics", "overlaps", "query_notes"]
FIGURES = [
    *["learning_curves", "learning_curves_grid", "differences", "cost_gain"],
    *["class_histograms", "overlap", "profiles"],
]
OVERALL_FIGURES = ["penalty_matrix", "ranks", "critical_difference"]
REPRESENTING = ["kmeans", "cluster_margin", "facility_location"]  # whose picks are to stand for other images
GPU = 1 if cfg.device != "cpu" and gpu_count() else 0


pathvars:
    results=cfg.results,
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


def asked_often(function):
    """Give a function its parameters, for which Snakemake asks at every call, forty times per job."""
    overwrite_function_params(function, inspect.signature(function).parameters)
    return function


def any_of(names):
    return "|".join(re.escape(str(name)) for name in names)


wildcard_constraints:
    dataset=any_of(DATASETS),
    setting=any_of(["standard", "simsiam", "reference_query"]),
    # Round 0 stands under "shared", so its paths match neither query nor train: patterns that overlap work locally and
    # fail on a cluster.
    strategy=any_of(cfg.strategies),
    round=r"[1-9]\d*",
    seed=r"\d+",


# --- where things are ------------------------------------------------------------------------------------------------


def owner(setting, strategy):
    """The setting in which a strategy really runs: random asks no model, so it is the same in both."""
    asks_model = bool(cfg.strategy(strategy).needs)
    return setting if asks_model else start_of(setting)


def round_folder(dataset, setting, strategy, seed, round):
    """The folder of one round; round 0 is shared by all strategies."""
    if round == 0:
        setting, strategy = start_of(setting), "shared"
    else:
        setting = owner(setting, strategy)
    return f"{cfg.results}/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}"


def reference_folder(dataset, setting, seed):
    """The folder of the model that knows every label."""
    return f"{cfg.results}/reference/{dataset}/{start_of(setting)}/seed{seed}"


def trained_folder(dataset, setting, strategy, seed, round):
    """The folder of the model of one round: where every label is known, that is the reference model's."""
    if cfg.dataset(dataset).takes_all(round):
        return reference_folder(dataset, setting, seed)
    return round_folder(dataset, setting, strategy, seed, round)


@asked_often
def encoder(wildcards):
    """The encoder that a model of the setting simsiam starts from."""
    if wildcards.setting != "simsiam":
        return []
    return f"{cfg.results}/pretrain/{wildcards.dataset}/seed{wildcards.seed}/encoder.safetensors"


@asked_often
def asked(wildcards):
    """The model that a query asks, what it has said already, and what is known from the round before."""
    w = wildcards
    number = int(w.round)
    before = round_folder(w.dataset, w.setting, w.strategy, w.seed, number - 1)
    reference = w.setting == "reference_query"
    model = reference_folder(w.dataset, w.setting, w.seed) if reference else before
    shared = reference or number == 1  # many queries ask the same model: its outputs are computed once
    return {
        "model": f"{model}/model.safetensors",
        "outputs": f"{model}/outputs.safetensors" if shared else [],
        "labelled_before": f"{before}/labelled.parquet",
        "memory_before": f"{before}/memory.safetensors" if number > 1 else [],
    }


def pixels(*splits):
    """The arrays of some splits of a prepared dataset, where its images do not stay encoded."""

    @asked_often
    def paths(wildcards):
        kinds = ["index.parquet"] if wildcards.dataset in ENCODED else ["images.npy", "index.parquet"]
        folder = f"{cfg.results}/data/{wildcards.dataset}"
        return [f"{folder}/{split}/{kind}" for split in splits for kind in kinds]

    return paths


# --- plain params: Snakemake compares dicts, lists and scalars, and nothing else -----------------------------------


def arguments(**values):
    """All arguments of a step as one param: what a job costs Snakemake goes by the number of functions it calls."""

    @asked_often
    def param(wildcards):
        return {name: value(wildcards) if callable(value) else value for name, value in values.items()}

    return param


@asked_often
def gpu_places(wildcards):
    """How many places on GPUs a training takes."""
    return GPU * cfg.dataset(wildcards.dataset).gpus


def of_dataset(value):
    """A param that depends on the dataset alone."""
    return asked_often(lambda wildcards: value(cfg.dataset(wildcards.dataset)))


network = of_dataset(lambda dataset: {"name": dataset.model, "options": dataset.model_options})
normalisation = of_dataset(lambda dataset: {"mean": dataset.mean, "std": dataset.std})
recipe = of_dataset(lambda dataset: typed_config.plain(dataset.recipe))
metric_options = of_dataset(lambda dataset: dataset.metric_options)
cpu_threads = of_dataset(lambda dataset: dataset.threads)
training_threads = of_dataset(lambda dataset: dataset.threads * dataset.gpus)
gpus = of_dataset(lambda dataset: dataset.gpus)


@asked_often
def strategy_options(wildcards):
    strategy = cfg.strategy(wildcards.strategy)
    return {
        "name": strategy.name,
        "module": strategy.module,
        "needs": sorted(strategy.needs),
        "options": strategy.options,
        "signal_options": strategy.signal_options,
    }


def code(step, *plugins):
    """The fingerprint of a step and of the plug-ins that the wildcards name."""

    @asked_often
    def param(wildcards):
        return fingerprint(f"altools.steps.{step}", *(plugin(wildcards) for plugin in plugins))

    return param


def module_of(name, package):
    return name if "." in name else f"altools.{package}.{name}"


@asked_often
def source_module(wildcards):
    return module_of(cfg.dataset(wildcards.dataset).source, "datasets")


@asked_often
def model_module(wildcards):
    return module_of(cfg.dataset(wildcards.dataset).model, "models")


@asked_often
def strategy_module(wildcards):
    return cfg.strategy(wildcards.strategy).module


@asked_often
def training_code(wildcards):
    dataset = cfg.dataset(wildcards.dataset)
    metrics = (module_of(name, "metrics") for name in dataset.metrics)
    return fingerprint("altools.steps.train", model_module(wildcards), *metrics)


def more_each_attempt(amount):
    """A resource that a retried job asks more of: what it had may have been too little."""
    return asked_often(lambda wildcards, attempt: amount * attempt)


def training(round):
    """The arguments of a training in some round."""
    return arguments(
        network=network,
        normalisation=normalisation,
        recipe=recipe,
        metric_options=metric_options,
        round=round,
        device=cfg.device,
        gpus=gpus,
        code=training_code,
    )
