"""Which pass over the pool gives which signal: from a query model to a `Pool`.

Only what a strategy declares is computed. Everything here sees test-time pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.encoded import EncodedImages
from altools.images import Images
from altools.kernels import dropout_heads
from altools.models import Classifier, Outputs
from altools.pool import Pool
from altools.training.predict import predict


@dataclass
class Signals:
    """The signals of one query, each computed when it is first read.

    Args:
        model: the query model, on the images' device.
        images: the training set.
        labels: classes of the training set; only those of labelled rows ever leave this class.
        pool: rows of the candidates, ascending.
        labelled: rows of the labelled images, in the order they were labelled.
        options: options of all needed signals (see `altools.signal_options`).
        stream: a CPU stream by purpose.
        outputs: what the model says about the whole training set, when that is already known.
    """

    model: Classifier
    images: Images | EncodedImages
    labels: Int[Tensor, " n"]
    pool: Int[Tensor, " u"]
    labelled: Int[Tensor, " l"]
    options: Mapping[str, Any]
    stream: Callable[[str], Generator]
    outputs: Outputs | None = None

    def gather(self, needs: frozenset[str], memory: Mapping[str, Tensor], where: str) -> Pool:
        """Return a pool with exactly the needed signals."""
        signals = {name: getattr(self, name) for name in sorted(needs)}
        return Pool(size=len(self.pool), memory=memory, where=where, **signals)

    @cached_property
    def _candidates(self) -> Outputs:
        return self._rows(self.pool)

    @cached_property
    def _labelled(self) -> Outputs:
        return self._rows(self.labelled)

    def _rows(self, rows: Tensor) -> Outputs:
        if self.outputs is None:
            return predict(self.model, self.images, rows)
        return Outputs(*(part[rows].to(self.images.device) for part in self.outputs))

    @cached_property
    def probs(self) -> Float[Tensor, "u c"]:
        """Class probabilities of the candidates; with ``mc_average`` masks their mean under dropout."""
        if self.options["mc_average"]:
            return self._under_dropout(dropout_heads.mean_probs, self.options["mc_average"])
        return self._candidates.logits.softmax(1)

    @cached_property
    def embeddings(self) -> Float[Tensor, "u d"]:
        """Embeddings of the candidates."""
        return self._candidates.embeddings

    @cached_property
    def mc_probs(self) -> Float[Tensor, "u m c"]:
        """Class probabilities of the candidates under dropout masks before the last layer."""
        return self._under_dropout(dropout_heads.masked_probs, self.options["mc_samples"])

    def _under_dropout(self, ask: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], samples: int) -> Tensor:
        """Ask the head under dropout masks; the backbone is asked once and knows nothing of them."""
        weight, bias = self.model.head.weight.detach(), self.model.head.bias.detach()
        rate, stream = self.options["mc_rate"], self.stream("dropout masks")
        masks = dropout_heads.dropout_masks(samples, weight.shape[1], rate=rate, generator=stream)
        return ask(self.embeddings, weight, bias, masks.to(weight))

    @cached_property
    def labelled_probs(self) -> Float[Tensor, "l c"]:
        """Class probabilities of the labelled images."""
        return self._labelled.logits.softmax(1)

    @cached_property
    def labelled_embeddings(self) -> Float[Tensor, "l d"]:
        """Embeddings of the labelled images."""
        return self._labelled.embeddings

    @cached_property
    def labelled_labels(self) -> Int[Tensor, " l"]:
        """True classes of the labelled images."""
        return self.labels[self.labelled].to(self.images.device)

    @cached_property
    def bim_distance(self) -> Float[Tensor, " u"]:
        """How far each candidate is from the boundary, by BIM."""
        from altools.kernels.adversarial import bim

        return self._attack(
            lambda predict_, pixels: bim(
                predict_, pixels, step=self.options["bim_step"], max_steps=self.options["bim_max_steps"]
            )
        )

    @cached_property
    def deepfool_distance(self) -> Float[Tensor, " u"]:
        """How far each candidate is from the boundary, by DeepFool."""
        from altools.kernels.adversarial import deepfool

        return self._attack(
            lambda predict_, pixels: deepfool(
                predict_,
                pixels,
                max_steps=self.options["deepfool_max_steps"],
                overshoot=self.options["deepfool_overshoot"],
            )
        )

    def _attack(self, attack: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]) -> Tensor:
        """Run an attack on pixels in 0..1, in blocks; the network's weights carry no gradient."""
        self.model.eval().requires_grad_(False)
        parts = [
            attack(
                lambda pixels: self.model(self.images.normalise(pixels)).logits,
                self.images.unit(part),
            )
            for part in self.pool.split(max(1, ATTACK_PIXELS // math.prod(self.images.shape)))
        ]
        return torch.cat(parts)


# The attack keeps its own batches full; a block bounds the float copy of the pixels, to 256 MiB.
ATTACK_PIXELS = 1 << 26
