"""The signals that strategies read: one module each, with ``compute(asked, *, options)``.

A module's file name is the signal's name, its name in a strategy's ``NEEDS`` and its field of `altools.pool.Pool`.
Only the signals that a strategy needs are computed, from test-time pixels.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.config import plugins
from altools.data.images import ImageSet
from altools.models import Classifier, Outputs
from altools.pool import Pool
from altools.training.predict import predict


@dataclass
class Asked:
    """The model that a query asks, and the images it is asked about; each pass runs once, when it is first read."""

    model: Classifier
    """On the images' device."""
    images: ImageSet
    """The training set."""
    labels: Int[Tensor, " n"]
    """Classes of the training set; only those of labelled rows leave this class."""
    pool: Int[Tensor, " u"]
    """Rows of the candidates, ascending."""
    labelled: Int[Tensor, " l"]
    """Rows of the labelled images, in the order in which they were labelled."""
    stream: Callable[[str], Generator]
    """A CPU stream by purpose."""
    outputs: Outputs | None = None
    """Outputs of the model for the whole training set, where these are known already."""

    @cached_property
    def of_candidates(self) -> Outputs:
        """Outputs of the model for the candidates."""
        return self._outputs(self.pool)

    @cached_property
    def of_labelled(self) -> Outputs:
        """Outputs of the model for the labelled images."""
        return self._outputs(self.labelled)

    def _outputs(self, rows: Tensor) -> Outputs:
        if self.outputs is None:
            return predict(self.model, self.images, rows)
        return Outputs(*(part[rows].to(self.images.device) for part in self.outputs))

    @property
    def labelled_labels(self) -> Int[Tensor, " l"]:
        """Classes of the labelled images, on the images' device."""
        return self.labels[self.labelled].to(self.images.device)

    @property
    def head(self) -> tuple[Float[Tensor, "c d"], Float[Tensor, " c"]]:
        """Weight and bias of the last layer."""
        return self.model.head.weight.detach(), self.model.head.bias.detach()


def gather(
    asked: Asked,
    needs: Collection[str],
    options: Mapping[str, Any],
    memory: Mapping[str, Tensor] | None = None,
    job_name: str = "pool",
) -> Pool:
    """Compute the needed signals and return them as a pool.

    Args:
        asked: the model and the images.
        needs: names of the signals.
        options: of all needed signals, by name.
        memory: what the strategy kept from the round before.
        job_name: the job in words, for messages.
    """
    values = {}
    for name in sorted(needs):
        plugin = plugins.describe(name, __name__, "compute")
        own = {key: options[key] for key in plugin.options if key in options}
        values[name] = importlib.import_module(plugin.module).compute(asked, **own)
    return Pool(size=len(asked.pool), memory=memory or {}, job_name=job_name, **values)
