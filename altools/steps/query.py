"""Step: ask one strategy which images to label next."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from altools import storage
from altools.device import choose, describe, peak_memory_mb
from altools.errors import UserError
from altools.kernels.spread import closest, spread
from altools.models import Outputs
from altools.partition import pool_rows
from altools.pool import Selection
from altools.rng import stream
from altools.signals import Signals
from altools.steps import load
from altools.steps.job import provenance
from altools.steps.label import write_labelled

MEMBERS = 8  # images kept of those that a pick stands for: a row of a contact sheet
SPREAD = ("mean_distance", "coverage_radius", "mean_coverage", "duplicates")


def query(
    *,
    facts: str,
    model: str,
    outputs: str | None,
    labelled_before: str,
    memory_before: str | None,
    labelled: str,
    picks: str,
    notes: str,
    memory: str,
    strategy: Mapping[str, Any],
    budget: int,
    network: Mapping[str, Any],
    normalisation: Mapping[str, Any],
    seed: int,
    round: int,
    device: str,
    threads: int,
    where: str,
    code: str,
) -> None:
    """Select ``budget`` candidates, and write the picks, the new labelled set and facts about the query.

    A budget that covers the pool takes all of it, and no strategy runs.

    Args:
        facts: ``dataset.json`` of the prepared dataset.
        model: weights of the query model.
        outputs: what that model says about the whole training set, where that is already computed.
        labelled_before: the labelled set that the query starts from.
        memory_before: what the strategy left in the round before, if there was one.
        labelled: the labelled set after the query (written).
        picks: rows in the order they were picked, with scores, and what each stands for (written).
        notes: seconds, memory, spread and degeneracy notes (written).
        memory: what the strategy leaves for its next query (written).
        strategy: module, needs, options and signal_options.
        budget: labels to ask for.
        network: name and options of the model.
        normalisation: mean and std, None for the dataset's own.
        seed: seed of the run.
        round: round that the new labels belong to.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads.
        where: the job in words, for messages.
        code: fingerprint.
    """
    started = time.perf_counter()
    chosen = choose(device, threads)
    remembered: dict[str, Tensor] = {}
    signals: Signals | None = None
    alike: list[str] = []
    data = load.split(facts, "train", chosen, **normalisation, workers=threads)
    before, rounds = load.labelled_rows(labelled_before)
    pool = pool_rows(len(data.images), before)
    ready = time.perf_counter()
    if budget >= len(pool):
        selection = _everything(len(pool))
        selected = ready
    else:
        known = storage.read_tensors(outputs) if outputs else None
        signals = Signals(
            model=load.trained(model, network, data),
            images=data.images,
            labels=data.labels,
            pool=pool,
            labelled=before,
            options=strategy["signal_options"],
            stream=lambda purpose: stream(seed, purpose, round),
            outputs=Outputs(known["logits"], known["embeddings"]) if known else None,
        )
        remembered = _remembered(memory_before, pool, chosen)
        candidates = signals.gather(frozenset(strategy["needs"]), remembered, where)
        alike = candidates.alike()
        selected = time.perf_counter()
        module = importlib.import_module(strategy["module"])
        selection = module.select(candidates, budget, stream(seed, "query", round), **strategy["options"])
        _check(selection, budget, len(pool), where)
    positions = selection.picks.cpu()
    scores = selection.scores.float().cpu().numpy()
    finished = time.perf_counter()
    peak = peak_memory_mb(chosen)

    rows = pool[positions]
    # After the clock: random, which asks no model, is described in the space of the same model as the others.
    described, members = _described(signals.embeddings, selection.picks, pool) if signals else _undescribed(rows)
    source = provenance(code, device=describe(chosen), strategy=dict(strategy), seed=seed, round=round)
    storage.write_tensors(memory, _left_over({**remembered, **selection.memory}, pool, positions), source)
    storage.write_columns(picks, {"index": rows.numpy(), "score": scores, **members}, source)
    storage.write_json(
        notes,
        {
            "strategy": strategy["name"],
            "budget": len(rows),
            "pool": len(pool),
            "load_s": ready - started,
            "signals_s": selected - ready,
            "select_s": finished - selected,
            "peak_memory_mb": peak,
            "spread": described,
            "notes": selection.notes | ({"alike": ", ".join(alike)} if alike else {}),
            "provenance": source,
        },
    )
    write_labelled(
        labelled,
        np.concatenate([before.numpy(), rows.numpy()]),
        np.concatenate([rounds.numpy(), np.full(len(rows), round)]),
        source,
    )


def _everything(size: int) -> Selection:
    return Selection(picks=torch.arange(size), scores=torch.zeros(size), notes={"took_everything": True})


def _described(embeddings: Tensor, picks: Tensor, pool: Tensor) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return how the picks lie in the space of the asked model, and the candidates that each stands for."""
    found = spread(embeddings, picks.to(embeddings.device))
    counts = torch.bincount(found.nearest).cpu().numpy()
    members = [pool[part.cpu()].numpy() for part in closest(found, MEMBERS)]
    return {name: getattr(found, name) for name in SPREAD}, _stands_for(counts, members)


def _undescribed(rows: Tensor) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the same where everything was taken: no model was asked, and each image stands for itself."""
    counts = np.ones(len(rows), dtype=np.int64)
    return dict.fromkeys(SPREAD), _stands_for(counts, list(rows[:, None].numpy()))


def _stands_for(counts: np.ndarray, members: list[np.ndarray]) -> dict[str, np.ndarray]:
    lists = np.empty(len(members), dtype=object)
    lists[:] = [part.tolist() for part in members]
    return {"represents": counts, "members": lists}


def _check(selection: Selection, budget: int, size: int, where: str) -> None:
    """Hold every strategy, also one from elsewhere, to its promise before anything is written."""
    picks, scores = selection.picks, len(selection.scores)
    distinct, outside = len(picks.unique()), int(((picks < 0) | (picks >= size)).sum())
    if outside or {len(picks), distinct, scores} != {budget}:
        raise UserError(
            f"a strategy must pick {budget} distinct positions in 0..{size - 1} and give each a score. "
            f"Got {len(picks)} picks, {distinct} of them distinct, {outside} outside, and {scores} scores ({where}); "
            "mend its select."
        )


def _remembered(path: str | None, pool: Tensor, device: torch.device) -> dict[str, Tensor]:
    """Read what the strategy left in the round before, aligned with the current pool."""
    tensors = storage.read_tensors(path) if path else {}
    if "rows" not in tensors:
        return {}
    order = torch.searchsorted(tensors.pop("rows"), pool)
    return {name: value[order].to(device) for name, value in tensors.items()}


def _left_over(memory: Mapping[str, Tensor], pool: Tensor, picks: Tensor) -> dict[str, Tensor]:
    """Keep the memory of the candidates that stay in the pool, with their rows, ascending."""
    if not memory:
        return {}
    stays = torch.ones(len(pool), dtype=torch.bool)
    stays[picks] = False
    return {"rows": pool[stays], **{name: value.cpu()[stays] for name, value in memory.items()}}
