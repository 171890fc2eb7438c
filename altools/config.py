"""The closed, typed config: everything a user can set, checked before any graph exists.

Knows nothing about YAML or Snakemake: `load` takes the plain mapping that they read. Imports no torch.
`python -m altools.config` prints the JSON schema for editors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from altools import plugins
from altools.config_messages import sentence, suggest
from altools.errors import UserError
from altools.plugin_options import check_named, checked_options, needs_of
from altools.training.pretrain_recipe import PretrainRecipe, Views
from altools.training.recipe import Augmentation, Recipe

Name = Annotated[str, Field(pattern=r"^[\w+]([\w\-+. ]*[\w\-+.])?$")]
"""A name that becomes a folder: letters of any script, digits, ``_ - + .``, spaces inside; never a path."""
Setting = Literal["standard", "simsiam", "reference_query"]
RESERVED = {"shared", "reference"}
DEFAULT_METRICS = ["classification", "calibration"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True)


for _plain in (Augmentation, Recipe, Views, PretrainRecipe):
    setattr(_plain, "__pydantic_config__", ConfigDict(extra="forbid", use_attribute_docstrings=True))  # noqa: B010


class Dataset(_Closed):
    """One dataset: where its raw files come from, and the protocol on it."""

    name: Name
    """Of its folders and plots."""
    source: str
    """A module of `altools.datasets`, or the dotted path of your own."""
    options: dict[str, Any] = {}
    """Options of the source (its ``read`` function's keyword-only arguments)."""
    train_images: Annotated[int, Field(ge=2)]
    """How many training images there are; the number fixes the graph before anything is prepared."""
    initial: Annotated[int, Field(ge=1)]
    """Labels of round 0, drawn uniformly."""
    budget: Annotated[int, Field(ge=1)]
    """Labels per round."""
    rounds: Annotated[int, Field(ge=1)]
    """Trainings of one run, round 0 included: rounds - 1 queries."""
    model: str = "resnet18"
    """A module of `altools.models`, or the dotted path of your own."""
    model_options: dict[str, Any] = {}
    """Options of the model (its ``build`` function's keyword-only arguments)."""
    mean: list[float] | None = None
    """Per channel, of pixels in 0..1; measured on the training images where absent."""
    std: list[Annotated[float, Field(gt=0)]] | None = None
    """Likewise the standard deviation."""
    metrics: list[str] = []
    """Modules of `altools.metrics`; the config's ``metrics`` where absent."""
    metric_options: dict[str, dict[str, Any]] = {}
    """Options per metric (keyword-only arguments of its ``score`` function)."""
    recipe: Recipe = Recipe()
    """How the task model is trained."""
    pretrain: PretrainRecipe = PretrainRecipe()
    """How the encoder of the setting simsiam is made."""
    threads: Annotated[int, Field(ge=1)] = 1
    """CPU threads per job where there is no GPU (else one): 1 for tiny networks, more for a ResNet. Where images stay
    encoded: threads that decode, per GPU."""
    gpus: Annotated[int, Field(ge=1)] = 1
    """GPUs that train one network together, for images that stay encoded; ``recipe.batch_size`` is their sum."""

    @model_validator(mode="after")
    def _protocol(self) -> Dataset:
        wanted = self.initial + (self.rounds - 1) * self.budget
        if wanted > self.train_images:
            raise ValueError(
                f"initial + (rounds - 1) * budget must be at most train_images = {self.train_images}. "
                f"Got {self.initial} + {self.rounds - 1} * {self.budget} = {wanted}; lower rounds or budget"
            )
        return self

    @model_validator(mode="after")
    def _plugins(self) -> Dataset:
        for key, name, package, function in (
            ("options", self.source, "altools.datasets", "read"),
            ("model_options", self.model, "altools.models", "build"),
        ):
            plugin = plugins.describe(name, package, function)
            object.__setattr__(self, key, checked_options(plugin, getattr(self, key), key))
        unused = sorted(set(self.metric_options) - set(self.metrics))
        if unused:
            raise ValueError(f"metric_options names {unused[0]!r}, which is not among metrics {self.metrics}")
        options = {}
        for name in self.metrics:
            plugin = plugins.describe(name, "altools.metrics", "score")
            check_named(plugin, "LOWER_IS_BETTER", "NO_SHARE")
            options[name] = checked_options(plugin, self.metric_options.get(name, {}), f"metric_options.{name}")
        object.__setattr__(self, "metric_options", options)
        if self.metrics and "classification" not in self.metrics:
            raise ValueError(f"metrics must name classification, whose accuracy is compared. Got {self.metrics}")
        return self

    @model_validator(mode="after")
    def _encoded(self) -> Dataset:
        """Refuse what only images that stay encoded, or only those in an array, can be asked."""
        augmentation = self.recipe.augmentation
        if stays_encoded(self):
            if self.mean is None or self.std is None:
                raise ValueError("mean and std must be given for images that stay encoded, which nobody has measured")
            if augmentation.crop_padding or augmentation.vertical_flip:
                raise ValueError(
                    "recipe.augmentation of images that stay encoded must be crop_scale_min and horizontal_flip only"
                )
            if self.recipe.batch_size < self.gpus:
                raise ValueError(f"gpus must be at most recipe.batch_size = {self.recipe.batch_size}. Got {self.gpus}")
        elif self.gpus > 1:
            raise ValueError(f"gpus must be 1 where images fit a device. Got {self.gpus}; share the GPUs among jobs")
        elif augmentation.crop_scale_min < 1:
            raise ValueError("recipe.augmentation.crop_scale_min is for images that stay encoded; use crop_padding")
        return self

    def labels(self, round: int) -> int:
        """Number of labelled images in a round; the reference model (round -1) has all."""
        return self.train_images if round < 0 else self.initial + round * self.budget

    def takes_all(self, round: int) -> bool:
        """Whether the labelled set of this round is the whole training set."""
        return self.labels(round) == self.train_images


class Strategy(_Closed):
    """A strategy as it runs: the label in paths and plots, its module and all its options."""

    name: str
    module: str
    needs: frozenset[str]
    options: dict[str, Any]
    signal_options: dict[str, Any]


class Config(_Closed):
    """The whole grid: datasets x settings x strategies x seeds."""

    results: Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f{}]*$")] = "results"
    """Folder of everything computed; a narrower grid wants a folder of its own."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: the GPU if there is one."""
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    """One run per seed; a seed fixes initial labels, weights, batches and query draws."""
    settings: Annotated[list[Setting], Field(min_length=1)] = ["standard"]
    """How the task model starts, and which model is asked: standard, simsiam, reference_query."""
    strategies: Annotated[list[Name], Field(min_length=1)]
    """Modules of `altools.strategies`, dotted paths of your own, or labels of ``strategy_options``."""
    setting_strategies: dict[Setting, list[Name]] = {}
    """The strategies of a setting, where these are fewer than ``strategies``."""
    strategy_options: dict[Name, dict[str, Any]] = {}
    """Options per strategy; ``use`` names the module where the key is a label of your own."""
    metrics: list[str] = DEFAULT_METRICS
    """Modules of `altools.metrics`, or the dotted path of your own."""
    recipe: Recipe = Recipe()
    """What every dataset's recipe starts from."""
    pretrain: PretrainRecipe = PretrainRecipe()
    """What every dataset's pre-training starts from."""
    datasets: Annotated[list[Dataset], Field(min_length=1)]
    """What to run on, and the protocol on each."""

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
            if stays_encoded(dataset):
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

    def _strategy(self, name: str) -> Strategy:
        # Imported here: the table of signals belongs to a module beside the strategies, not to the config.
        from altools.signal_options import BOUNDS, SIGNAL_OPTIONS

        given = dict(self.strategy_options.get(name, {}))
        plugin = plugins.describe(given.pop("use", name), "altools.strategies", "select")
        needs = needs_of(plugin)
        signals = {
            option: plugin.constants.get("OPTIONS", {}).get(option, default)
            for signal in sorted(needs)  # sets have no order, and Snakemake compares params as text
            for option, default in SIGNAL_OPTIONS.get(signal, {}).items()
        }
        extended = {key: plugins.Option(key, BOUNDS[key], value) for key, value in signals.items()}
        merged = plugins.Plugin(
            plugin.name, plugin.module, plugin.summary, {**plugin.options, **extended}, plugin.constants
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
    """Lay a mapping over another, and mappings inside them likewise."""
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


def stays_encoded(dataset: Dataset) -> bool:
    """Return whether a dataset is too large for an array, so that preparation writes its index only."""
    return bool(plugins.describe(dataset.source, "altools.datasets", "read").constants.get("ENCODED"))


def options_say_all(dataset: Dataset) -> bool:
    """Return whether the options of a source determine what it reads: no raw files, or files with known checksums."""
    return bool(plugins.describe(dataset.source, "altools.datasets", "read").constants.get("OPTIONS_SAY_ALL"))


def plain(value: Recipe | PretrainRecipe) -> dict[str, Any]:
    """Turn a recipe into dicts, lists and scalars: all that Snakemake compares."""
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
