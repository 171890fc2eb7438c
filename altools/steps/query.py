"""Step: ask one strategy which images to label next."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools import models, storage
from altools.columns import SPREAD
from altools.config.recipes import ModelSpec
from altools.data.labelled import Labelled, pool_rows, read_labelled, write_labelled
from altools.data.prepared import Split, load_split
from altools.errors import UserError
from altools.kernels.spread import closest, spread
from altools.models import Outputs
from altools.pool import Selection
from altools.rng import stream
from altools.runtime.device import choose, describe, peak_memory_mb
from altools.runtime.job import Job
from altools.signals import Asked, gather

MEMBERS = 8  # images kept of those that a pick represents: a row of a contact sheet


@dataclass(frozen=True, kw_only=True)
class QueryFiles:
    """Files that are read."""

    dataset_info: str
    pixels: Sequence[str]
    model: str
    model_outputs: str | None
    """Outputs of the asked model for the whole training set, where these are computed already."""
    labelled: str
    """The labelled set that the query starts from."""
    memory: str | None
    """What the strategy kept in the round before, if there was one."""


@dataclass(frozen=True, kw_only=True)
class QueryArtefacts:
    """Files that are written."""

    labelled: str
    """The labelled set after the query."""
    selection: str
    """Rows in the order in which they were picked, with scores, and what each represents."""
    notes: str
    """Seconds, memory, spread and degeneracy notes."""
    memory: str
    """What the strategy keeps for its next query."""


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A strategy with its options."""

    name: str
    module: str
    needs: Sequence[str]
    options: Mapping[str, Any]
    signal_options: Mapping[str, Any]


class Answer(NamedTuple):
    """Result of a query."""

    selection: Selection
    """Its picks are positions in the pool."""
    rows: Int[Tensor, " b"]
    """Picked rows of the training set, in order."""
    memory: Mapping[str, Tensor]
    """What the strategy keeps, a row per candidate that stays in the pool; ``rows`` names these."""
    represents: Int[np.ndarray, " b"]
    """Candidates that have each pick as their nearest."""
    members: Sequence[Int[Tensor, " _"]]
    """Training rows of the nearest of these, per pick."""
    notes: Mapping[str, Any]
    """Seconds, sizes, spread of the picks, and the strategy's notes."""


def query(
    inputs: QueryFiles, outputs: QueryArtefacts, strategy: Strategy, budget: int, model: ModelSpec, job: Job
) -> None:
    """Select ``budget`` candidates with a strategy; write the selection and the next labelled set."""
    started = time.perf_counter()
    device = choose(job.device, job.threads)
    data = load_split(inputs.dataset_info, "train", device, model, job.threads)
    labelled = read_labelled(inputs.labelled)
    asked = _asked(inputs, data, labelled, model, job)
    memory = storage.read_tensors(inputs.memory) if inputs.memory else {}
    load_s = time.perf_counter() - started

    answer = ask(strategy, asked, budget, memory, job)

    source = job.provenance(device=describe(device))
    lists = np.empty(len(answer.members), dtype=object)
    lists[:] = [part.tolist() for part in answer.members]
    columns = {"index": answer.rows.numpy(), "score": answer.selection.scores.float().cpu().numpy()}
    notes = {"load_s": load_s, **answer.notes, "provenance": source}
    storage.write_tensors(outputs.memory, answer.memory, source)
    storage.write_columns(outputs.selection, {**columns, "represents": answer.represents, "members": lists}, source)
    storage.write_json(outputs.notes, {"strategy": strategy.name, **notes})
    write_labelled(outputs.labelled, labelled.extended(answer.rows, job.round), source)


def ask(strategy: Strategy, asked: Asked, budget: int, memory: Mapping[str, Tensor], job: Job) -> Answer:
    """Run a query. A budget that covers the pool takes all of it, without a strategy.

    Args:
        strategy: who selects.
        asked: the model and the images it is asked about.
        budget: number of labels.
        memory: what the strategy kept in the round before, as `Answer.memory`; empty in the first.
        job: gives seed, round and name.

    Raises:
        UserError: a signal is not valid, or the strategy breaks its promise.
    """
    size = len(asked.pool)
    if budget >= size:
        picks = torch.arange(size)
        selection = Selection(picks=picks, scores=torch.zeros(size), notes={"took_everything": True})
        return Answer(
            selection=selection,
            rows=asked.pool,
            memory={},
            represents=np.ones(size, dtype=np.int64),
            members=list(asked.pool[:, None]),
            notes=_notes(selection, asked, 0.0, 0.0) | {"spread": dict.fromkeys(SPREAD)},
        )
    started = time.perf_counter()
    kept = _aligned(memory, asked.pool, asked.images.device)
    candidates = gather(asked, strategy.needs, strategy.signal_options, kept, job.name)
    constant = candidates.constant_signals()
    ready = time.perf_counter()
    module = importlib.import_module(strategy.module)
    selection = module.select(candidates, budget, stream(job.seed, "query", job.round), **strategy.options)
    check_selection(selection, budget, size, job.name)
    positions = selection.picks.cpu()
    notes = _notes(selection, asked, ready - started, time.perf_counter() - ready)
    if constant:
        selection.notes["constant_signals"] = ", ".join(constant)
    # Not timed: `random` needs no model, but its picks are described in the same embedding space.
    described, represents, members = _describe(asked.of_candidates.embeddings, selection.picks, asked.pool)
    return Answer(
        selection=selection,
        rows=asked.pool[positions],
        memory=_left_over({**kept, **selection.memory}, asked.pool, positions),
        represents=represents,
        members=members,
        notes=notes | {"spread": described},
    )


def check_selection(selection: Selection, budget: int, size: int, job_name: str) -> None:
    """Validate a selection, from built-in and plug-in strategies alike, before writing it.

    Raises:
        UserError: picks are not ``budget`` distinct positions in the pool, or lack scores.
    """
    picks, scores = selection.picks, len(selection.scores)
    distinct, outside = len(picks.unique()), int(((picks < 0) | (picks >= size)).sum())
    if outside or {len(picks), distinct, scores} != {budget}:
        raise UserError(
            f"a strategy must pick {budget} distinct positions in 0..{size - 1} and score each. "
            f"Got {len(picks)} picks, {distinct} of them distinct, {outside} outside, and {scores} scores "
            f"({job_name}); correct its select."
        )


def _asked(inputs: QueryFiles, data: Split, labelled: Labelled, model: ModelSpec, job: Job) -> Asked:
    """Return the asked model, restored, with its outputs where these are known."""
    known = storage.read_tensors(inputs.model_outputs) if inputs.model_outputs else None
    weights = storage.read_tensors(inputs.model)
    return Asked(
        model=models.restore(model, data.channels, len(data.classes), weights, data.images.device),
        images=data.images,
        labels=data.labels,
        pool=pool_rows(len(data.images), labelled.rows),
        labelled=labelled.rows,
        stream=lambda purpose: stream(job.seed, purpose, job.round),
        outputs=Outputs(known["logits"], known["embeddings"]) if known else None,
    )


def _notes(selection: Selection, asked: Asked, signals_s: float, select_s: float) -> dict[str, Any]:
    return {
        "budget": len(selection.picks),
        "pool": len(asked.pool),
        "signals_s": signals_s,
        "select_s": select_s,
        "peak_memory_mb": peak_memory_mb(asked.images.device),
        "notes": selection.notes,
    }


def _describe(
    embeddings: Float[Tensor, "u d"], picks: Int[Tensor, " b"], pool: Int[Tensor, " u"]
) -> tuple[dict[str, Any], Int[np.ndarray, " b"], list[Tensor]]:
    """Return the spread of the picks, how many candidates each represents, and the nearest of these."""
    result = spread(embeddings, picks.to(embeddings.device))
    counts = torch.bincount(result.nearest).cpu().numpy()
    members = [pool[part.cpu()] for part in closest(result, MEMBERS)]
    return {name: getattr(result, name) for name in SPREAD}, counts, members


def _aligned(memory: Mapping[str, Tensor], pool: Int[Tensor, " u"], device: torch.device) -> dict[str, Tensor]:
    """Return what a strategy kept, in the order of the current pool."""
    if "rows" not in memory:
        return {}
    order = torch.searchsorted(memory["rows"], pool)
    return {name: value[order].to(device) for name, value in memory.items() if name != "rows"}


def _left_over(memory: Mapping[str, Tensor], pool: Int[Tensor, " u"], picks: Int[Tensor, " b"]) -> dict[str, Tensor]:
    """Return what a strategy keeps of the candidates that stay in the pool, with their rows, ascending."""
    if not memory:
        return {}
    stays = torch.ones(len(pool), dtype=torch.bool)
    stays[picks] = False
    return {"rows": pool[stays], **{name: value.cpu()[stays] for name, value in memory.items()}}
