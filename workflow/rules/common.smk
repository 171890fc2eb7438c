# The config, checked, and what all rules share: names, wildcards, and how a function is asked. Paths follow in
# paths.smk, params in params.smk: everything a rule needs to know about one job is answered there, and only there.
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
OWN_METRICS = sorted({name for dataset in cfg.datasets for name in dataset.metrics if "." in name})
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
