# The config, checked, and the functions that turn wildcards into paths and plain params.
# Everything a rule needs to know about the grid is answered here, and only here.
import inspect
import os
import re
import sys
from itertools import product
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, workflow.basedir)

from altools import config as typed_config
from altools import cost
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
QUERIED = [dataset.name for dataset in cfg.datasets if dataset.rounds > 1]
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
    """Give a function its signature: Snakemake asks for it at every call, forty times per job."""
    function.__signature__ = inspect.signature(function)
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


def previous(name):
    """A file of the round before."""

    @asked_often
    def path(wildcards):
        w = wildcards
        return f"{round_folder(w.dataset, w.setting, w.strategy, w.seed, int(w.round) - 1)}/{name}"

    return path


@asked_often
def previous_memory(wildcards):
    """What the strategy left behind, from its second query on."""
    return previous("memory.safetensors")(wildcards) if int(wildcards.round) > 1 else []


@asked_often
def encoder(wildcards):
    """The encoder that a model of the setting simsiam starts from."""
    if wildcards.setting != "simsiam":
        return []
    return f"{cfg.results}/pretrain/{wildcards.dataset}/seed{wildcards.seed}/encoder.safetensors"


def query_model(name):
    """A file of the model that is asked: the round before, or the reference model."""

    @asked_often
    def path(wildcards):
        w = wildcards
        if w.setting == "reference_query":
            return f"{reference_folder(w.dataset, w.setting, w.seed)}/{name}"
        return previous(name)(w)

    return path


@asked_often
def known_outputs(wildcards):
    """What the asked model says about all images, where many queries ask the same model."""
    shared = wildcards.setting == "reference_query" or int(wildcards.round) == 1
    return query_model("outputs.safetensors")(wildcards) if shared else []


# --- plain params: Snakemake compares dicts, lists and scalars, and nothing else -----------------------------------


def pixels(*splits):
    """The arrays of some splits of a prepared dataset, where its images do not stay encoded."""

    @asked_often
    def paths(wildcards):
        kinds = ["index.parquet"] if wildcards.dataset in ENCODED else ["images.npy", "index.parquet"]
        folder = f"{cfg.results}/data/{wildcards.dataset}"
        return [f"{folder}/{split}/{kind}" for split in splits for kind in kinds]

    return paths


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


def in_words(*names):
    """The job in words, for its messages."""

    @asked_often
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
    return [(dataset, *pair) for dataset in DATASETS for pair in PAIRS]


def trained_files(name):
    """A file of the model of every seed and round of one strategy."""

    @asked_often
    def paths(wildcards):
        point = (wildcards.dataset, wildcards.setting, wildcards.strategy)
        return [f"{trained_folder(*point, seed, round)}/{name}" for seed, round in runs_of(*point)]

    return paths


@asked_often
def query_notes(wildcards):
    """The query notes of every seed and round but the first."""
    point = (wildcards.dataset, wildcards.setting, wildcards.strategy)
    return [f"{round_folder(*point, seed, round)}/query.json" for seed, round in runs_of(*point) if round]


@asked_often
def query_points(wildcards):
    """Setting, strategy, seed and round of every query of a dataset."""
    return [
        [setting, strategy, seed, round]
        for setting, strategy in PAIRS
        for seed, round in runs_of(wildcards.dataset, setting, strategy)
        if round
    ]


def query_files(name):
    """A file of every query of a dataset, in the order of its points."""

    @asked_often
    def paths(wildcards):
        return [f"{round_folder(wildcards.dataset, *point)}/{name}" for point in query_points(wildcards)]

    return paths


@asked_often
def representing(wildcards):
    """The strategies of a setting whose picks are to stand for other images."""
    return [name for name in REPRESENTING if name in cfg.strategies_of(wildcards.setting)]


@asked_often
def representing_queries(wildcards):
    """Their queries of the last round and first seed."""
    last = cfg.dataset(wildcards.dataset).rounds - 1
    point = (wildcards.dataset, wildcards.setting)
    return [
        f"{round_folder(*point, strategy, cfg.seeds[0], last)}/query.parquet" for strategy in representing(wildcards)
    ]


def sheets():
    """Dataset, setting and figure of every contact sheet."""
    represented = [setting for setting in cfg.settings if set(REPRESENTING) & set(cfg.strategies_of(setting))]
    shown = [dataset for dataset in QUERIED if dataset not in ENCODED]
    return [
        *product(shown, COMPARING, ["queried_images"]),
        *product(shown, represented, ["represented_images"]),
    ]


def sheet_names():
    """The contact sheets below the folder of figures."""
    return ["/".join(place) for place in sheets()]


def pretrained():
    """Datasets whose encoders are trained without labels."""
    return DATASETS if "simsiam" in cfg.settings else []


def figure_files():
    """Every figure that this grid can show: a comparison needs something to compare."""
    files = expand("{dataset}/{setting}/learning_curves", dataset=QUERIED, setting=cfg.settings)
    files += expand("{dataset}/{setting}/{figure}", dataset=QUERIED, setting=COMPARING, figure=FIGURES[1:])
    files += sheet_names()
    files += expand("{dataset}/pretraining", dataset=pretrained())
    if len(cfg.settings) > 1:
        files += expand("{dataset}/settings", dataset=QUERIED)
    overall = OVERALL_FIGURES if len(cfg.datasets) > 1 else ["penalty_matrix"]
    files += expand("overall/{setting}/{figure}", setting=COMPARING, figure=overall)
    return expand("<results>/figures/{file}.png", file=files)


def of_all_runs(pattern):
    """A file of every setting and strategy of a dataset."""

    @asked_often
    def paths(wildcards):
        return [
            expanded
            for setting, strategy in PAIRS
            for expanded in expand(pattern, dataset=wildcards.dataset, setting=setting, strategy=strategy)
        ]

    return paths


@asked_often
def reference_scores(wildcards):
    """The scores of the reference models of a dataset."""
    starts = dict.fromkeys(start_of(setting) for setting in cfg.settings)
    return [
        f"{reference_folder(wildcards.dataset, start, seed)}/scores.json" for start, seed in product(starts, cfg.seeds)
    ]


def say_what_the_grid_means():
    """Print how many trainings, queries and images the whole config stands for, dry run or not."""
    print(cost.as_text(cost.grid_cost(cfg)), file=sys.stderr)


def check_results_folder():
    """Refuse a results folder that cannot be written, before any job starts."""
    folder = Path(cfg.results)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise WorkflowError(
            f"{cfg.results} must be a folder that can be written ({error.strerror}); "
            "change its permissions or the config's results."
        ) from None


def where_to_look():
    """What to open after a successful run."""
    figure = f"{cfg.results}/figures/{DATASETS[0]}/{cfg.settings[0]}/learning_curves.png"
    return "\n".join(
        [
            f"Done. Results are in {cfg.results}/:",
            f"  open in a browser  {cfg.results}/report/index.html",
            f"  learning curves    {figure}",
            f"  summary table      {cfg.results}/statistics/summary.csv",
            f"  all numbers        {cfg.results}/curves/*.parquet",
        ]
    )
