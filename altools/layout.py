"""Where every artefact of a config lies, and which runs, rounds, tables and figures the config means.

The only place that knows a path below the results folder. Rules, `watch`, `cost` and `verify` ask it. Imports no torch,
and nothing of Snakemake.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

from altools.config.schema import Config

SHARED = "shared"
"""In place of a strategy: round 0, which all strategies share."""
DATA = "data/{dataset}"
PRETRAINED = "pretrain/{dataset}/seed{seed}"
ROUND = "rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}"
ROUND_0 = ROUND.replace("{strategy}", SHARED).replace("{round}", "0")
REFERENCE = "reference/{dataset}/{setting}/seed{seed}"
"""Folders below that of the results, as patterns of their wildcards."""
REFERENCE_ROUND = -1
"""Names the random streams of the reference model."""

CURVE_STATISTICS = [
    *["summary", "paired", "wins", "penalty", "ranks", "rank_pairs", "savings", "gain", "detectable"],
    *["cost", "cost_against_gain"],
]
"""Tables made from curves and costs (`altools.steps.statistics`, which loads pandas; a test compares the names)."""
QUERY_STATISTICS = ["diagnostics", "overlaps", "query_notes"]
"""Tables made from queries."""
REPRESENTATIVE = ["kmeans", "cluster_margin", "facility_location"]
"""Strategies whose picks represent other images."""


@dataclass(frozen=True)
class FigureKind:
    """A figure by name (`altools.steps.figures`): one per dataset and setting, per dataset, or per setting."""

    name: str
    reads: tuple[str, ...]
    """Inputs, by the names that `altools.plan.Plan.figure_inputs` knows."""
    per: str = "dataset/setting"


FIGURES = [
    FigureKind("learning_curves", ("curves",)),
    FigureKind("learning_curves_grid", ("curves",)),
    FigureKind("differences", ("curves",)),
    FigureKind("cost_gain", ("curves", "costs")),
    FigureKind("class_histograms", ("dataset_info", "queries")),
    FigureKind("overlap", ("queries", "query_sizes")),
    FigureKind("profiles", ("dataset_info", "queries", "query_sizes")),
    FigureKind("queried_images", ("dataset_info", "queries")),
    FigureKind("represented_images", ("dataset_info", "index", "represented")),
    FigureKind("pretraining", ("histories", "metrics"), per="dataset"),
    FigureKind("settings", ("curves",), per="dataset"),
    FigureKind("penalty_matrix", ("all_curves",), per="setting"),
    FigureKind("ranks", ("all_curves",), per="setting"),
    FigureKind("critical_difference", ("all_curves",), per="setting"),
]
SHEETS = ["queried_images", "represented_images"]
"""Figures made of images."""


class Figure(NamedTuple):
    """One figure of a config."""

    kind: FigureKind
    dataset: str
    """"" where the figure is over all datasets."""
    setting: str
    """"" where it is over all settings."""

    @property
    def path(self) -> str:
        """Place below the folder of figures, without suffix."""
        folder = {"dataset/setting": f"{self.dataset}/{self.setting}", "dataset": self.dataset}
        return f"{folder.get(self.kind.per, f'overall/{self.setting}')}/{self.kind.name}"


class Run(NamedTuple):
    """One curve of one seed."""

    dataset: str
    setting: str
    strategy: str
    seed: int


@dataclass(frozen=True)
class Layout:
    """Paths, runs and counts of a config."""

    config: Config

    # -- folders

    def data(self, dataset: str) -> str:
        """Folder of a prepared dataset."""
        return self._below(DATA, dataset=dataset)

    def pretrained(self, dataset: str, seed: int | str) -> str:
        """Folder of an encoder that SimSiam trained."""
        return self._below(PRETRAINED, dataset=dataset, seed=seed)

    def round(self, dataset: str, setting: str, strategy: str, seed: int | str, round: int) -> str:
        """Folder of one round of a run; round 0 is shared by all strategies."""
        if round == 0:
            setting, strategy = self.config.setting(setting).model, SHARED
        else:
            setting = self.effective_setting(setting, strategy)
        return self._below(ROUND, dataset=dataset, setting=setting, strategy=strategy, seed=seed, round=round)

    def reference(self, dataset: str, setting: str, seed: int | str) -> str:
        """Folder of the reference model, which is trained on every label."""
        return self._below(REFERENCE, dataset=dataset, setting=self.config.setting(setting).model, seed=seed)

    def trained(self, dataset: str, setting: str, strategy: str, seed: int | str, round: int) -> str:
        """Folder of the model of one round: the reference model's where every image is labelled."""
        if self.config.dataset(dataset).takes_all(round):
            return self.reference(dataset, setting, seed)
        return self.round(dataset, setting, strategy, seed, round)

    def _below(self, pattern: str, **wildcards: str | int) -> str:
        return f"{self.config.results}/{pattern.format(**wildcards)}"

    def effective_setting(self, setting: str, strategy: str) -> str:
        """Setting in which a strategy runs: one that asks no model is the same run for every asked model."""
        return setting if self.config.strategy(strategy).needs else self.config.setting(setting).model

    # -- runs

    @cached_property
    def datasets(self) -> list[str]:
        """Names of the datasets."""
        return [dataset.name for dataset in self.config.datasets]

    @cached_property
    def encoded(self) -> list[str]:
        """Datasets whose images stay encoded."""
        return [dataset.name for dataset in self.config.datasets if dataset.stays_encoded]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Every setting and strategy."""
        return [(name, strategy) for name in self.config.settings for strategy in self.config.strategies_of(name)]

    @cached_property
    def models(self) -> list[str]:
        """Names of the ways in which models start; each has its own round 0 and reference model."""
        return list(dict.fromkeys(self.config.setting(name).model for name in self.config.settings))

    def curves(self) -> list[tuple[str, str, str]]:
        """Every dataset, setting and strategy."""
        return [(dataset, *pair) for dataset in self.datasets for pair in self.pairs]

    def effective_runs(self, dataset: str) -> Iterator[Run]:
        """Every run of a dataset, once."""
        pairs = dict.fromkeys((self.effective_setting(*pair), pair[1]) for pair in self.pairs)
        for (setting, strategy), seed in product(pairs, self.config.seeds):
            yield Run(dataset, setting, strategy, seed)

    def points(self, dataset: str) -> list[tuple[int, int]]:
        """Every seed and round of a curve, rounds fastest."""
        return list(product(self.config.seeds, range(self.config.dataset(dataset).rounds)))

    def choosing_rounds(self, dataset: str) -> list[int]:
        """Rounds whose query chooses; the final query, which takes the whole remaining pool, is excluded."""
        entry = self.config.dataset(dataset)
        return [round for round in range(1, entry.rounds) if not entry.takes_all(round)]

    @cached_property
    def queried(self) -> list[str]:
        """Datasets with a query that chooses."""
        return [dataset for dataset in self.datasets if self.choosing_rounds(dataset)]

    def queries(self, dataset: str) -> list[tuple[str, str, int, int]]:
        """Setting, strategy, seed and round of every query of a dataset that chooses."""
        points = product(self.config.seeds, self.choosing_rounds(dataset))
        return [(*pair, *point) for pair, point in product(self.pairs, points)]

    @cached_property
    def compared(self) -> list[str]:
        """Settings with two strategies or more."""
        return [name for name in self.config.settings if len(self.config.strategies_of(name)) > 1]

    def representative(self, setting: str) -> list[str]:
        """Strategies of a setting whose picks represent other images."""
        return [name for name in REPRESENTATIVE if name in self.config.strategies_of(setting)]

    @cached_property
    def pretrained_datasets(self) -> list[str]:
        """Datasets on which SimSiam trains an encoder."""
        starts = {self.config.setting(name).start for name in self.config.settings}
        return self.datasets if "simsiam" in starts else []

    def encoders(self, dataset: str) -> list[str]:
        """Folders of the encoders that SimSiam trains on a dataset."""
        return [self.pretrained(dataset, seed) for seed in self.config.seeds if dataset in self.pretrained_datasets]

    def trainings(self, dataset: str) -> Iterator[tuple[str, int]]:
        """Folder and round of every model of a dataset, each once; the reference model's round is -1."""
        entry = self.config.dataset(dataset)
        for model, seed in product(self.models, self.config.seeds):
            yield self.reference(dataset, model, seed), REFERENCE_ROUND
            if not entry.takes_all(0):
                yield self.round(dataset, model, SHARED, seed, 0), 0
        for run in self.effective_runs(dataset):
            for round in self.choosing_rounds(dataset):
                yield self.round(*run, round), round

    def query_folders(self, dataset: str) -> Iterator[tuple[str, int]]:
        """Folder and round of every query of a dataset, each once."""
        for run in self.effective_runs(dataset):
            for round in range(1, self.config.dataset(dataset).rounds):
                yield self.round(*run, round), round

    # -- tables and figures

    @cached_property
    def statistics(self) -> list[str]:
        """Tables of statistics that the config can have."""
        return CURVE_STATISTICS + (QUERY_STATISTICS if self.queried else [])

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Figures that the config can show, by path: a comparison needs something to compare."""
        return {figure.path: figure for kind in FIGURES for figure in self._figures_of(kind)}

    def _figures_of(self, kind: FigureKind) -> list[Figure]:
        config = self.config
        if kind.per == "setting":
            shown = self.compared if kind.name == "penalty_matrix" or len(self.datasets) > 1 else []
            return [Figure(kind, "", setting) for setting in shown]
        if kind.per == "dataset":
            several = self.queried if len(config.settings) > 1 else []
            return [
                Figure(kind, dataset, "")
                for dataset in (self.pretrained_datasets if kind.name == "pretraining" else several)
            ]
        datasets = [name for name in self.queried if kind.name not in SHEETS or name not in self.encoded]
        settings = config.settings if kind.name == "learning_curves" else self.compared
        if kind.name == "represented_images":
            settings = [name for name in config.settings if self.representative(name)]
        return [Figure(kind, *place) for place in product(datasets, settings)]

    def sheets(self) -> list[Figure]:
        """Figures made of images."""
        return [figure for figure in self.figures.values() if figure.kind.name in SHEETS]
