"""One dataset entry of the config: its source, its protocol, and how models are trained on it.

Imports no torch.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from altools.config import plugins
from altools.config.options import check_named, checked_options
from altools.config.recipes import Augmentation, PretrainRecipe, Recipe, Views

Name = Annotated[str, Field(pattern=r"^[\w+]([\w\-+. ]*[\w\-+.])?$")]
"""A name that becomes a folder: letters of any script, digits, ``_ - + .``, spaces inside; never a path."""


class Closed(BaseModel):
    """A frozen model that refuses unknown keys and numbers that are not finite."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


for _plain in (Augmentation, Recipe, Views, PretrainRecipe):
    _options = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
    setattr(_plain, "__pydantic_config__", _options)  # noqa: B010


class Dataset(Closed):
    """One dataset: where its raw files come from, and the protocol on it."""

    name: Name
    """Of its folders and plots."""
    source: str
    """A module of `altools.data.sources`, or the dotted path of your own."""
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
            ("options", self.source, "altools.data.sources", "read"),
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
        if self.stays_encoded:
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

    @property
    def stays_encoded(self) -> bool:
        """Whether the images are too large for an array, so that preparation writes their index only."""
        return bool(self._source_constants().get("ENCODED"))

    @property
    def options_determine_data(self) -> bool:
        """Whether the options determine the data: no raw files, or files with known checksums."""
        return bool(self._source_constants().get("OPTIONS_DETERMINE_DATA"))

    def _source_constants(self) -> dict[str, Any]:
        return plugins.describe(self.source, "altools.data.sources", "read").constants
