"""The typed, closed config: everything a user can set, checked before any graph exists.

`load` takes the plain mapping that YAML or Snakemake reads. Imports no torch.
``python -m altools.config.schema`` prints the JSON schema for editors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, TypeAdapter, ValidationError, field_validator, model_validator

from altools.config import plugins
from altools.config.dataset import Closed, Dataset, Name
from altools.config.messages import sentence, suggest
from altools.config.options import checked_options, needs_of, signal_options
from altools.config.recipes import Augmentation, PretrainRecipe, Recipe, Views
from altools.config.settings import PRESETS, Setting
from altools.errors import UserError

SettingName = Literal["standard", "simsiam", "reference_query"]
RESERVED = {"shared", "reference"}
DEFAULT_METRICS = ["classification", "calibration"]


class Strategy(Closed):
    """A strategy with its options completed."""

    name: str
    """Label in paths and plots."""
    module: str
    """Dotted name of its module."""
    needs: frozenset[str]
    """Signals that it reads."""
    options: dict[str, Any]
    """Options of its ``select`` function."""
    signal_options: dict[str, Any]
    """Options of the signals."""


class Config(Closed):
    """The whole grid: datasets x settings x strategies x seeds."""

    results: Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f{}]*$")] = "results"
    """Folder of everything computed; give a narrower grid a folder of its own."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: the GPU if there is one."""
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    """One run per seed; a seed fixes initial labels, weights, batches and query draws."""
    settings: Annotated[list[SettingName], Field(min_length=1)] = ["standard"]
    """How the task model starts, and which model a query asks: standard, simsiam, reference_query."""
    strategies: Annotated[list[Name], Field(min_length=1)]
    """Modules of `altools.strategies`, dotted paths of your own, or labels of ``strategy_options``."""
    setting_strategies: dict[SettingName, list[Name]] = {}
    """Strategies of a setting, where these are fewer than ``strategies``."""
    strategy_options: dict[Name, dict[str, Any]] = {}
    """Options per strategy; ``use`` names the module where the key is a label of your own."""
    metrics: list[str] = DEFAULT_METRICS
    """Modules of `altools.metrics`, or the dotted path of your own."""
    recipe: Recipe = Recipe()
    """Values that every dataset's ``recipe`` starts from."""
    pretrain: PretrainRecipe = PretrainRecipe()
    """Values that every dataset's ``pretrain`` starts from."""
    datasets: Annotated[list[Dataset], Field(min_length=1)]
    """Datasets, and the protocol on each."""

    # Looked up tens of thousands of times when a large graph is built.
    _strategies: dict[str, Strategy] = PrivateAttr(default_factory=dict)
    _datasets: dict[str, Dataset] = PrivateAttr(default_factory=dict)

    @field_validator("seeds", "settings", "strategies", "metrics", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Accept ``a,b`` and a lone value, as they come from the command line."""
        if isinstance(value, str):
            return [part.strip() for part in value.strip("[] ").split(",") if part.strip()]
        return [value] if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("results", mode="after")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/") or value

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, data: Any) -> Any:
        """Give every dataset the common recipes and metrics where it has none of its own."""
        if not isinstance(data, Mapping) or not isinstance(data.get("datasets"), list):
            return data
        common = {key: data.get(key, {}) for key in ("recipe", "pretrain")}
        common["metrics"] = cls._split(data.get("metrics", DEFAULT_METRICS))
        entries = [_over(common, entry) if isinstance(entry, Mapping) else entry for entry in data["datasets"]]
        return {**data, "datasets": entries}

    @model_validator(mode="after")
    def _distinct(self) -> Config:
        lists: dict[str, list[Any]] = {
            "datasets": [dataset.name for dataset in self.datasets],
            "strategies": list(self.strategies),
            "seeds": list(self.seeds),
            "settings": list(self.settings),
        }
        for key, values in lists.items():
            twice = sorted({str(value) for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"{key} must be distinct. Got {twice[0]!r} twice; rename or remove one")
        if "overall" in lists["datasets"]:
            raise ValueError("a dataset must not be named 'overall': figures over all datasets stand under that name")
        reserved = sorted(RESERVED.intersection(self.strategies))
        if reserved:
            raise ValueError(f"strategies must not be named {reserved[0]!r}: the name marks shared artefacts")
        known = set(self.strategies) | set(plugins.names("altools.strategies"))
        for name, options in self.strategy_options.items():
            if name not in known and "use" not in options:
                raise ValueError(f"strategy_options.{name} names no strategy{suggest(name, known)}")
        for setting, listed in self.setting_strategies.items():
            unknown = [name for name in listed if name not in known and name not in self.strategy_options]
            if unknown:
                raise ValueError(f"setting_strategies.{setting} names no strategy{suggest(unknown[0], known)}")
            if not self.strategies_of(setting):
                raise ValueError(
                    f"setting_strategies.{setting} must hold one of strategies, {', '.join(self.strategies)}. "
                    f"Got {', '.join(listed) or 'none'}"
                )
        return self

    @model_validator(mode="after")
    def _resolve(self) -> Config:
        self._strategies.update({name: self._strategy(name) for name in self.strategies})
        self._datasets.update({dataset.name: dataset for dataset in self.datasets})
        return self

    @model_validator(mode="after")
    def _pretraining(self) -> Config:
        for dataset in self.datasets if "simsiam" in self.settings else []:
            if dataset.stays_encoded:
                raise ValueError(
                    f"settings must not have simsiam with {dataset.name}, whose images stay encoded; remove one"
                )
            if dataset.pretrain.batch_size > dataset.train_images:
                raise ValueError(
                    f"pretrain.batch_size of {dataset.name} must be at most train_images = {dataset.train_images}. "
                    f"Got {dataset.pretrain.batch_size}; lower it"
                )
        return self

    def dataset(self, name: str) -> Dataset:
        """Return a dataset by name."""
        return self._datasets[name]

    def strategies_of(self, setting: str) -> list[str]:
        """Return the strategies that run in a setting, in the config's order."""
        listed = self.setting_strategies.get(setting, self.strategies)  # type: ignore[call-overload]
        return [name for name in self.strategies if name in listed]

    def strategy(self, name: str) -> Strategy:
        """Return a strategy with its options completed by their defaults."""
        return self._strategies[name]

    def setting(self, name: str) -> Setting:
        """Return a setting by name."""
        return PRESETS[name]

    def _strategy(self, name: str) -> Strategy:
        given = dict(self.strategy_options.get(name, {}))
        plugin = plugins.describe(given.pop("use", name), "altools.strategies", "select")
        needs = needs_of(plugin)
        signals = signal_options(needs, plugin.constants.get("OPTIONS", {}))
        merged = plugins.Plugin(
            plugin.name, plugin.module, plugin.summary, {**plugin.options, **signals}, plugin.constants
        )
        complete = checked_options(merged, given, f"strategy_options.{name}")
        return Strategy(
            name=name,
            module=plugin.module,
            needs=needs,
            options={key: complete[key] for key in plugin.options},
            signal_options={key: complete[key] for key in signals},
        )


def _over(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``common`` updated with ``own``, recursively."""
    both = [key for key in own if isinstance(own[key], Mapping) and isinstance(common.get(key), Mapping)]
    return {**common, **own, **{key: _over(common[key], own[key]) for key in both}}


def load(data: Mapping[str, Any]) -> Config:
    """Check a plain mapping and return the typed config.

    Raises:
        UserError: a sentence per wrong value, each with the path of the key, the value and what is allowed.
    """
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise UserError("\n".join(sentence(entry, _known_keys(entry["loc"])) for entry in error.errors())) from None


def plain(value: Recipe | PretrainRecipe) -> dict[str, Any]:
    """Return a recipe as dicts, lists and scalars, the only values that Snakemake compares."""
    return asdict(value)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """List the keys that are allowed where an unknown one stood."""
    last = [part for part in location[:-1] if isinstance(part, str)]
    table = {
        "datasets": Dataset.model_fields,
        "recipe": TypeAdapter(Recipe).json_schema()["properties"],
        "augmentation": TypeAdapter(Augmentation).json_schema()["properties"],
        "pretrain": TypeAdapter(PretrainRecipe).json_schema()["properties"],
        "views": TypeAdapter(Views).json_schema()["properties"],
    }
    return list(table.get(last[-1], {}) if last else Config.model_fields)


if __name__ == "__main__":
    print(json.dumps(Config.model_json_schema(), indent=2))
