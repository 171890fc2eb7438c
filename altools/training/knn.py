r"""Accuracy of the nearest neighbours: how well an encoder groups the classes, without training anything.

.. math:: s_c(x) = \sum_{i \in N_k(x),\, y_i = c} \exp(\cos(x, x_i) / 0.1)

The class with the largest sum wins; among equals the lowest index. Reference: Wu et al., 2018, "Unsupervised feature
learning via non-parametric instance discrimination", section 3.4 (there k = 200). Knows nothing about how the encoder
was trained.
Cost: O(q n d) time, O(chunk n) memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.data.images import Images
from altools.models import Classifier
from altools.training.predict import predict

TEMPERATURE = 0.1
CHUNK = 1024
HELD_OUT = 10  # one image in so many asks, the others answer


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """Measures an encoder on a training set, a part of which is held out from the neighbours."""

    images: Images
    labels: Int[Tensor, " n"]
    """On the images' device; used for nothing but the vote."""
    bank: Int[Tensor, " m"]
    queries: Int[Tensor, " q"]
    neighbours: int

    @classmethod
    def draw(cls, images: Images, labels: Tensor, neighbours: int, rng: Generator) -> Monitor:
        """Hold out a random tenth, at least one image."""
        order = torch.randperm(len(images), generator=rng)
        held_out = max(1, len(images) // HELD_OUT)
        return cls(images=images, labels=labels, bank=order[held_out:], queries=order[:held_out], neighbours=neighbours)

    def measure(self, encoder: Classifier) -> float:
        """Return the accuracy of the encoder's embeddings of unaugmented images."""
        bank, queries = (predict(encoder, self.images, rows).embeddings for rows in (self.bank, self.queries))
        bank_labels, labels = (self.labels[rows.to(self.labels.device)] for rows in (self.bank, self.queries))
        return accuracy(bank, bank_labels, queries, labels, self.neighbours)


def accuracy(
    bank: Float[Tensor, "n d"],
    bank_labels: Int[Tensor, " n"],
    queries: Float[Tensor, "q d"],
    labels: Int[Tensor, " q"],
    neighbours: int,
) -> float:
    """Return the share of queries whose weighted vote of ``neighbours`` (at most n) in the bank names their class."""
    bank = F.normalize(bank, dim=1)
    k = min(neighbours, len(bank))
    classes = int(torch.maximum(bank_labels.max(), labels.max())) + 1
    correct = 0
    for part, truth in zip(queries.split(CHUNK), labels.split(CHUNK), strict=True):
        cosine, nearest = (F.normalize(part, dim=1) @ bank.T).topk(k, dim=1)
        votes = torch.zeros(len(part), classes, device=bank.device)
        votes.scatter_add_(1, bank_labels[nearest], (cosine / TEMPERATURE).exp())
        correct += int((votes.argmax(1) == truth).sum())
    return correct / len(queries)
