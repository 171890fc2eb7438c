"""What each job of the workflow reads and is told, in plain values: all that Snakemake compares.

Methods take a job's wildcards as keyword arguments, so a rule names them and adds nothing. Imports no torch, and
nothing of Snakemake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from typing import Any

from altools.config.dataset import Dataset
from altools.config.fingerprint import code_version
from altools.config.plugins import dotted
from altools.config.schema import Config
from altools.layout import QUERY_STATISTICS, REFERENCE_ROUND, Layout
from altools.runtime.hardware import gpu_count

Paths = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Plan:
    """Inputs, arguments and resources of the jobs of a config."""

    config: Config

    @cached_property
    def layout(self) -> Layout:
        """Where the artefacts lie."""
        return Layout(self.config)

    # -- resources

    @cached_property
    def uses_gpu(self) -> bool:
        """Whether jobs compute on a GPU of this machine."""
        return self.config.device != "cpu" and gpu_count() > 0

    def threads(self, dataset: str, **_: str) -> int:
        """CPU threads of a job: one feeds a GPU, so that many jobs may share it, unless images must be decoded."""
        entry = self.config.dataset(dataset)
        return 1 if self.uses_gpu and not entry.stays_encoded else entry.threads

    def training_threads(self, dataset: str, **_: str) -> int:
        """CPU threads of a training, over all its processes."""
        return self.threads(dataset) * self.config.dataset(dataset).gpus

    def query_gpus(self, **_: str) -> int:
        """Places on GPUs that a query or a prediction takes."""
        return int(self.uses_gpu)

    def training_gpus(self, dataset: str, **_: str) -> int:
        """Places on GPUs that a training takes."""
        return int(self.uses_gpu) * self.config.dataset(dataset).gpus

    # -- inputs

    def pixels(self, dataset: str, *splits: str) -> list[str]:
        """Arrays and indices of some splits of a prepared dataset; the indices alone where images stay encoded."""
        kinds = ["images.npy", "index.parquet"]
        if self.config.dataset(dataset).stays_encoded:
            kinds.remove("images.npy")
        return [f"{self.layout.data(dataset)}/{split}/{kind}" for split, kind in product(splits, kinds)]

    def training_pixels(self, dataset: str, **_: str) -> list[str]:
        """Arrays and indices that a training reads."""
        return self.pixels(dataset, "train", "test")

    def query_pixels(self, dataset: str, **_: str) -> list[str]:
        """Arrays and indices that a query or a prediction reads."""
        return self.pixels(dataset, "train")

    def encoder(self, dataset: str, setting: str, seed: str, **_: str) -> list[str]:
        """The encoder that a model starts from, if any."""
        if self.config.setting(setting).start != "simsiam":
            return []
        return [f"{self.layout.pretrained(dataset, seed)}/encoder.safetensors"]

    def query_inputs(self, dataset: str, setting: str, strategy: str, seed: str, round: str, **_: str) -> Paths:
        """The asked model, its outputs where these are shared, and what the round before left."""
        number = int(round)
        before = self.layout.round(dataset, setting, strategy, seed, number - 1)
        of_reference = self.config.setting(setting).ask == "reference"
        model = self.layout.reference(dataset, setting, seed) if of_reference else before
        shared = of_reference or number == 1  # many queries ask the same model: its outputs are computed once
        return {
            "model": f"{model}/model.safetensors",
            "model_outputs": f"{model}/outputs.safetensors" if shared else [],
            "labelled": f"{before}/labelled.parquet",
            "memory": f"{before}/memory.safetensors" if number > 1 else [],
        }

    def curve_inputs(self, dataset: str, setting: str, strategy: str, **_: str) -> Paths:
        """Scores and histories of every seed and round of a strategy, and the notes of its queries."""
        layout, run = self.layout, (dataset, setting, strategy)
        trained = [layout.trained(*run, *point) for point in layout.points(dataset)]
        rounds = [layout.round(*run, *point) for point in layout.points(dataset) if point[1]]
        return {
            "scores": [f"{folder}/scores.json" for folder in trained],
            "histories": [f"{folder}/history.parquet" for folder in trained],
            "query_notes": [f"{folder}/query.json" for folder in rounds],
        }

    def dataset_curves_inputs(self, dataset: str, **_: str) -> Paths:
        """Curves and costs of every strategy of a dataset, and the scores of its reference models."""
        results, pairs = self.config.results, self.layout.pairs
        files = {
            kind: [f"{results}/{kind}/{dataset}/{setting}/{strategy}.parquet" for setting, strategy in pairs]
            for kind in ("curves", "costs")
        }
        references = [
            f"{self.layout.reference(dataset, model, seed)}/scores.json"
            for model, seed in product(self.layout.models, self.config.seeds)
        ]
        return {**files, "references": references}

    def dataset_queries_inputs(self, dataset: str, **_: str) -> Paths:
        """Selections and notes of every query of a dataset that chooses."""
        folders = [self.layout.round(dataset, *point) for point in self.layout.queries(dataset)]
        return {
            "selections": [f"{folder}/query.parquet" for folder in folders],
            "query_notes": [f"{folder}/query.json" for folder in folders],
            "index": f"{self.layout.data(dataset)}/train/index.parquet",
        }

    def statistic_inputs(self, statistic: str, **_: str) -> Paths:
        """Tables of all datasets that a table of statistics is made from."""
        results, layout = self.config.results, self.layout
        if statistic not in QUERY_STATISTICS:
            kinds = ("curves", "costs")
            return {kind: [f"{results}/{kind}/{name}.parquet" for name in layout.datasets] for kind in kinds}
        return {
            "queries": [f"{results}/queries/{name}.parquet" for name in layout.queried],
            "query_sizes": [f"{results}/queries/sizes/{name}.parquet" for name in layout.queried],
            "query_notes": [f"{results}/queries/notes/{name}.parquet" for name in layout.queried],
            "dataset_infos": [f"{layout.data(name)}/dataset.json" for name in layout.queried],
        }

    def figure_inputs(self, figure: str, **_: str) -> Paths:
        """Files that a figure is drawn from."""
        results, layout = self.config.results, self.layout
        kind, dataset, setting = layout.figures[figure]
        known: dict[str, str | list[str]] = {
            "dataset_info": f"{layout.data(dataset)}/dataset.json",
            "index": f"{layout.data(dataset)}/train/index.parquet",
            "curves": f"{results}/curves/{dataset}.parquet",
            "costs": f"{results}/costs/{dataset}.parquet",
            "queries": f"{results}/queries/{dataset}.parquet",
            "query_sizes": f"{results}/queries/sizes/{dataset}.parquet",
            "all_curves": [f"{results}/curves/{name}.parquet" for name in layout.datasets],
        }
        if kind.name == "represented_images":
            last = layout.choosing_rounds(dataset)[-1]
            folders = [
                layout.round(dataset, setting, strategy, self.config.seeds[0], last)
                for strategy in layout.representative(setting)
            ]
            known["represented"] = [f"{folder}/query.parquet" for folder in folders]
        if kind.name == "pretraining":
            known["histories"] = [f"{folder}/history.parquet" for folder in layout.encoders(dataset)]
            known["metrics"] = [f"{folder}/metrics.json" for folder in layout.encoders(dataset)]
        return {name: known[name] for name in kind.reads}

    # -- arguments of the steps

    def prepare_arguments(self, dataset: str, **_: str) -> dict[str, Any]:
        """Source of a dataset."""
        entry = self.config.dataset(dataset)
        return {
            "source": entry.source,
            "options": entry.options,
            "train_images": entry.train_images,
            "job": {"code": code_version("altools.steps.prepare", dotted(entry.source, "altools.data.sources"))},
        }

    def pretrain_arguments(self, dataset: str, seed: str, **_: str) -> dict[str, Any]:
        """Recipe of a pre-training. The seed stands here too: the key of Snakemake's cache knows params only."""
        entry = self.config.dataset(dataset)
        return {
            "model": _model(entry),
            "recipe": asdict(entry.pretrain),
            "job": {**self._job("altools.steps.pretrain", _model_module(entry)), "seed": int(seed)},
        }

    def label_initial_arguments(self, dataset: str, **_: str) -> dict[str, Any]:
        """Sizes that the first labelled set depends on."""
        entry = self.config.dataset(dataset)
        job = {"code": code_version("altools.steps.label")}
        return {"train_images": entry.train_images, "size": entry.initial, "job": job}

    def label_all_arguments(self, dataset: str, **_: str) -> dict[str, Any]:
        """Size of the training set."""
        entry = self.config.dataset(dataset)
        return {"train_images": entry.train_images, "job": {"code": code_version("altools.steps.label")}}

    def train_step(self, dataset: str, **_: str) -> str:
        """Step that trains on a dataset."""
        return "train_encoded.train" if self.config.dataset(dataset).stays_encoded else "train.train"

    def train_arguments(self, dataset: str, round: str = "0", **_: str) -> dict[str, Any]:
        """Recipe of the task model of a round."""
        entry = self.config.dataset(dataset)
        metrics = [dotted(name, "altools.metrics") for name in entry.metrics]
        step = "altools.steps.train_encoded" if entry.stays_encoded else "altools.steps.train"
        job = self._job(step, _model_module(entry), *metrics)
        return {
            "model": _model(entry),
            "recipe": asdict(entry.recipe),
            "metrics": entry.metric_options,
            "job": {**job, "round": int(round), "gpus": entry.gpus},
        }

    def train_reference_arguments(self, dataset: str, **_: str) -> dict[str, Any]:
        """Recipe of the reference model."""
        return self.train_arguments(dataset, str(REFERENCE_ROUND))

    def predict_arguments(self, dataset: str, **_: str) -> dict[str, Any]:
        """The network whose outputs are shared."""
        entry = self.config.dataset(dataset)
        job = self._job("altools.steps.predict", _model_module(entry), *_image_modules(entry))
        return {"model": _model(entry), "job": job}

    def query_arguments(self, dataset: str, strategy: str, **_: str) -> dict[str, Any]:
        """Strategy, budget and network of a query."""
        entry, chosen = self.config.dataset(dataset), self.config.strategy(strategy)
        signals = [f"altools.signals.{name}" for name in sorted(chosen.needs)]
        modules = (chosen.module, *signals, _model_module(entry), *_image_modules(entry))
        return {
            "strategy": {**chosen.model_dump(), "needs": sorted(chosen.needs)},
            "budget": entry.budget,
            "model": _model(entry),
            "job": self._job("altools.steps.query", *modules),
        }

    def curve_arguments(self, dataset: str, **_: str) -> dict[str, Any]:
        """Seeds and rounds of a curve."""
        points = [list(point) for point in self.layout.points(dataset)]
        return {"points": points, "job": {"code": code_version("altools.steps.curves")}}

    def dataset_curves_arguments(self, **_: str) -> dict[str, Any]:
        """Which reference model belongs to which settings."""
        settings = {name: self.config.setting(name).model for name in self.config.settings}
        points = [list(point) for point in product(self.layout.models, self.config.seeds)]
        return {"settings": settings, "points": points, "job": {"code": code_version("altools.steps.curves")}}

    def dataset_queries_arguments(self, dataset: str, **_: str) -> dict[str, Any]:
        """Which query each file belongs to."""
        points = [list(point) for point in self.layout.queries(dataset)]
        return {"points": points, "job": {"code": code_version("altools.steps.curves")}}

    def statistic_arguments(self, statistic: str, **_: str) -> dict[str, Any]:
        """Name of a table."""
        job = {"code": code_version("altools.steps.statistics")}
        return {"name": statistic, "datasets": self.layout.queried, "job": job}

    def figure_arguments(self, figure: str, **_: str) -> dict[str, Any]:
        """Name of a figure and what it is about."""
        kind, dataset, setting = self.layout.figures[figure]
        subject = {"dataset": dataset, "setting": setting}
        if kind.name == "represented_images":
            subject["strategies"] = self.layout.representative(setting)  # type: ignore[assignment]
        if kind.name == "pretraining":
            subject["seeds"] = self.config.seeds  # type: ignore[assignment]
        return {"name": kind.name, "subject": subject, "job": {"code": code_version("altools.steps.figures")}}

    def figure_category(self, figure: str, **_: str) -> str:
        """Category of a figure in Snakemake's report."""
        return self.layout.figures[figure].dataset or "All datasets"

    def figure_labels(self, figure: str, **_: str) -> dict[str, str]:
        """Labels of a figure in Snakemake's report."""
        kind, _dataset, setting = self.layout.figures[figure]
        return {"setting": setting or "all", "figure": kind.name}

    def report_inputs(self, **_: str) -> Paths:
        """Tables and pictures that the page shows."""
        results, layout = self.config.results, self.layout
        queried = {name: [f"{results}/statistics/{name}.parquet"] for name in ("diagnostics", "query_notes")}
        pretrainings = [path for path, figure in layout.figures.items() if figure.kind.name == "pretraining"]
        return {
            "curves": [f"{results}/curves/{name}.parquet" for name in layout.datasets],
            "costs": [f"{results}/costs/{name}.parquet" for name in layout.datasets],
            **(queried if layout.queried else {name: [] for name in queried}),
            "sheets": [f"{results}/figures/{figure.path}.png" for figure in layout.sheets()],
            "pretrainings": [f"{results}/figures/{path}.png" for path in pretrainings],
        }

    def report_arguments(self, **_: str) -> dict[str, Any]:
        """What each picture shows, and metric modules of other packages."""
        sheets = [[figure.dataset, figure.setting, figure.kind.name] for figure in self.layout.sheets()]
        own = sorted({name for entry in self.config.datasets for name in entry.metrics if "." in name})
        return {
            "sheets": sheets,
            "pretrained": self.layout.pretrained_datasets,
            "own_metrics": own,
            "job": {"code": code_version("altools.steps.report")},
        }

    # -- targets

    def run_files(self) -> list[str]:
        """Files of every round that nobody would miss before they are needed again: a target rebuilds lost ones."""
        files: dict[str, None] = {}
        layout = self.layout
        for dataset, setting, strategy in layout.curves():
            for seed, round in layout.points(dataset):
                files[f"{layout.trained(dataset, setting, strategy, seed, round)}/scores.json"] = None
                folder = layout.round(dataset, setting, strategy, seed, round)
                names = ["labelled.parquet", *(["query.parquet", "query.json"] if round else [])]
                files.update(dict.fromkeys(f"{folder}/{name}" for name in names))
        return list(files)

    def curve_files(self) -> list[str]:
        """Every curve, and the table of each dataset."""
        results = self.config.results
        own = [f"{results}/curves/{'/'.join(point)}.parquet" for point in self.layout.curves()]
        return own + [f"{results}/curves/{dataset}.parquet" for dataset in self.layout.datasets]

    def _job(self, *modules: str) -> dict[str, Any]:
        return {"device": self.config.device, "code": code_version(*modules)}


def _model(dataset: Dataset) -> dict[str, Any]:
    return {"name": dataset.model, "options": dataset.model_options, "mean": dataset.mean, "std": dataset.std}


def _model_module(dataset: Dataset) -> str:
    return dotted(dataset.model, "altools.models")


def _image_modules(dataset: Dataset) -> list[str]:
    """Return the modules that `altools.data.prepared` imports by name."""
    return ["altools.data.encoded"] if dataset.stays_encoded else []
