# The config, checked, and the functions that turn wildcards into paths and plain params.
# Everything a rule needs to know about the grid is answered here, and only here.
import re
import sys
from itertools import product

from snakemake.exceptions import WorkflowError

sys.path.insert(0, workflow.basedir)

from altools import config as typed_config
from altools.errors import UserError
from altools.fingerprint import fingerprint
from altools.hardware import gpu_count

try:
    cfg = typed_config.load(config)
except UserError as error:
    raise WorkflowError(f"The config is not valid:\n{error}") from None

RESULTS = cfg.results
DATA = RESULTS + "/data/{dataset}"
ROUND = RESULTS + "/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}"
SHARED = RESULTS + "/rounds/{dataset}/{setting}/shared/seed{seed}/round0"
REFERENCE = RESULTS + "/reference/{dataset}/{setting}/seed{seed}"
LOGS = RESULTS + "/logs"
BENCHMARKS = RESULTS + "/benchmarks"
ENVIRONMENT = "../../environment.yml"
GPU = 1 if cfg.device != "cpu" and gpu_count() else 0


def any_of(names):
    return "|".join(re.escape(str(name)) for name in names)


wildcard_constraints:
    dataset=any_of(dataset.name for dataset in cfg.datasets),
    setting=any_of(["standard", "simsiam", "reference_query"]),
    strategy=any_of([*cfg.strategies, "shared"]),
    seed=r"\d+",
    round=r"\d+",


# --- where things are ------------------------------------------------------------------------------------------------


def start_of(setting):
    """The setting whose round 0 and reference model this one uses: they differ only in who queries."""
    return "standard" if setting == "reference_query" else setting


def owner(setting, strategy):
    """The setting in which a strategy really runs: random asks no model, so it is the same in both."""
    asks_model = bool(cfg.strategy(strategy).needs)
    return setting if asks_model else start_of(setting)


def round_folder(dataset, setting, strategy, seed, round):
    """The folder of one round; round 0 is shared by all strategies."""
    if round == 0:
        return SHARED.format(dataset=dataset, setting=start_of(setting), seed=seed)
    return ROUND.format(
        dataset=dataset, setting=owner(setting, strategy), strategy=strategy, seed=seed, round=round
    )


def trained_folder(dataset, setting, strategy, seed, round):
    """The folder of the model of one round: where every label is known, that is the reference model's."""
    if cfg.dataset(dataset).takes_all(round):
        return REFERENCE.format(dataset=dataset, setting=start_of(setting), seed=seed)
    return round_folder(dataset, setting, strategy, seed, round)


def previous(name):
    """A file of the round before."""

    def path(wildcards):
        w = wildcards
        return f"{round_folder(w.dataset, w.setting, w.strategy, w.seed, int(w.round) - 1)}/{name}"

    return path


def previous_memory(wildcards):
    """What the strategy left behind, from its second query on."""
    return previous("memory.safetensors")(wildcards) if int(wildcards.round) > 1 else []


def query_model(name):
    """A file of the model that is asked: the round before, or the reference model."""

    def path(wildcards):
        w = wildcards
        if w.setting == "reference_query":
            return f"{REFERENCE.format(dataset=w.dataset, setting='standard', seed=w.seed)}/{name}"
        return previous(name)(w)

    return path


def known_outputs(wildcards):
    """What the asked model says about all images, where many queries ask the same model."""
    shared = wildcards.setting == "reference_query" or int(wildcards.round) == 1
    return query_model("outputs.safetensors")(wildcards) if shared else []


# --- plain params: Snakemake compares dicts, lists and scalars, and nothing else -----------------------------------


def of_dataset(value):
    """A param that depends on the dataset alone."""
    return lambda wildcards: value(cfg.dataset(wildcards.dataset))


network = of_dataset(lambda dataset: {"name": dataset.model, "options": dataset.model_options})
normalisation = of_dataset(lambda dataset: {"mean": dataset.mean, "std": dataset.std})
recipe = of_dataset(lambda dataset: typed_config.plain(dataset.recipe))
metric_options = of_dataset(lambda dataset: dataset.metric_options)
cpu_threads = of_dataset(lambda dataset: dataset.threads)


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

    def param(wildcards):
        return fingerprint(f"altools.steps.{step}", *(plugin(wildcards) for plugin in plugins))

    return param


def module_of(name, package):
    return name if "." in name else f"altools.{package}.{name}"


def source_module(wildcards):
    return module_of(cfg.dataset(wildcards.dataset).source, "datasets")


def model_module(wildcards):
    return module_of(cfg.dataset(wildcards.dataset).model, "models")


def strategy_module(wildcards):
    return cfg.strategy(wildcards.strategy).module


def training_code(wildcards):
    dataset = cfg.dataset(wildcards.dataset)
    metrics = (module_of(name, "metrics") for name in dataset.metrics)
    return fingerprint("altools.steps.train", model_module(wildcards), *metrics)


def in_words(*names):
    """The job in words, for its messages."""

    def param(wildcards):
        return ", ".join(f"{name} {getattr(wildcards, name)}" for name in names)

    return param


# --- the grid --------------------------------------------------------------------------------------------------------


def runs_of(dataset, setting, strategy):
    """Every (seed, round) of one strategy."""
    return product(cfg.seeds, range(cfg.dataset(dataset).rounds))


def run_files(dataset, setting, strategy):
    """The files of every round of one strategy that would be missed if somebody deleted them."""
    files = []
    for seed, round in runs_of(dataset, setting, strategy):
        files.append(f"{trained_folder(dataset, setting, strategy, seed, round)}/scores.json")
        folder = round_folder(dataset, setting, strategy, seed, round)
        files.append(f"{folder}/labelled.parquet")
        if round:
            files += [f"{folder}/query.parquet", f"{folder}/query.json"]
    return files


def grid():
    """Every (dataset, setting, strategy)."""
    return list(product([dataset.name for dataset in cfg.datasets], cfg.settings, cfg.strategies))


def where_to_look():
    """What to open after a successful run."""
    lines = [f"Done. Results are in {RESULTS}/:"]
    for dataset, setting in product(cfg.datasets, cfg.settings):
        lines.append(f"  learning curves  {RESULTS}/figures/{dataset.name}/{setting}/learning_curves.png")
    lines += [
        f"  summary table    {RESULTS}/statistics/summary.csv",
        f"  all numbers      {RESULTS}/curves/*.parquet",
    ]
    return "\n".join(lines)
