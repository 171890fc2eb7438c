"""``python -m benchmarks.feasibility [--size large] [strategy ...]``: can a strategy serve a pool of this size at all?

Every strategy but the adversarial ones selects once in a process of its own, given its signals. Seconds are wall time;
memory is what the selection adds to the process at its peak, beside the signals. There is no peer: the limits are
absolute, and those of the medium size hold for 2 cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from altools.runtime.hardware import keep_freed_memory
from benchmarks import harness


@dataclass(frozen=True)
class Size:
    """A pool, a query, and what it may cost."""

    pool: int
    labelled: int
    budget: int
    classes: int
    seconds: float | None
    gib: float
    samples: int
    """Monte-Carlo samples of BatchBALD, as many as fit; BALD has its default."""


WIDTH = 512
SIZES = {
    "medium": Size(pool=45_000, labelled=5_000, budget=5_000, classes=10, seconds=60, gib=4, samples=40),
    "large": Size(pool=200_000, labelled=20_000, budget=20_000, classes=1_000, seconds=None, gib=16, samples=4),
}
ATTACKS = {"bim_distance", "deepfool_distance"}


@dataclass(frozen=True)
class Measured:
    """What one selection took."""

    strategy: str
    seconds: float
    peak_gib: float
    signals_gib: float
    reached: bool
    notes: dict[str, Any]


def main() -> int:
    """Measure the strategies asked for, all by default; exit 1 if one misses a limit."""
    from altools import strategies

    parser = argparse.ArgumentParser(prog="python -m benchmarks.feasibility", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("strategies", nargs="*", metavar="strategy")
    asked = parser.parse_args()
    able = [name for name in strategies.names() if not strategies.load(name).NEEDS & ATTACKS]
    able += [f"similar/{function}" for function in ("flvmi", "gcmi", "flcg", "flcmi")]
    results = []
    for name in asked.strategies or able:
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            measured = alone.apply(measure, (name, asked.size))
        print(table([measured]), flush=True)
        results.append(measured)
    write(asked.size, results)
    return 0 if all(row.reached for row in results) else 1


def write(size: str, results: list[Measured]) -> None:
    """Write the rows, beside those of other strategies measured with the same machine and versions."""
    path = harness.RESULTS / f"feasibility_{size}.json"
    content = {"size": asdict(SIZES[size]), "machine": harness.machine(), "versions": harness.versions()}
    rows = {}
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        known = before.pop("results")
        asked = {name: content["versions"].get(name) for name in before["versions"]}  # more are asked for now
        rows = {row["strategy"]: row for row in known} if before == {**content, "versions": asked} else {}
    rows |= {row.strategy: asdict(row) for row in results}
    content["results"] = [rows[name] for name in sorted(rows)]
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"-> {path.relative_to(harness.RESULTS.parent.parent)}")


def measure(name: str, size_name: str) -> Measured:
    """Make the signals of one strategy, or of ``strategy/function``, and let it select."""
    from altools import strategies
    from altools.pool import Pool
    from altools.rng import stream

    size = SIZES[size_name]
    module, _, function = name.partition("/")
    strategy, options = strategies.load(module), {"function": function} if function else {}
    if module == "bald":
        size = replace(size, samples=strategy.OPTIONS["mc_samples"])
    pool = Pool(size=size.pool, job_name="benchmark", **signals(strategy.NEEDS, size))
    tiny = Size(pool=64, labelled=16, budget=8, classes=size.classes, seconds=None, gib=1, samples=2)
    warm_up = Pool(size=64, **signals(strategy.NEEDS, tiny))
    strategy.select(warm_up, 8, stream(0, "warm-up"), **options)  # libraries loaded
    keep_freed_memory()  # as every job does; what the signals needed has gone back already
    before = harness.peak_gib(forget=True)
    start = time.perf_counter()
    selection = strategy.select(pool, size.budget, stream(0, "query"), **options)
    seconds, peak = time.perf_counter() - start, harness.peak_gib() - before
    assert len(set(selection.picks.tolist())) == size.budget
    held = sum(value.nbytes for value in vars(pool).values() if hasattr(value, "nbytes")) / 1024**3
    reached = (size.seconds is None or seconds <= size.seconds) and peak <= size.gib
    return Measured(name, seconds, peak, held, reached, selection.notes)


def signals(needs: frozenset[str], size: Size) -> dict[str, Any]:
    """Draw the signals a strategy needs: a linear head on post-ReLU embeddings of a class mixture."""
    import torch

    from altools.kernels.dropout_heads import dropout_masks, masked_probs

    rng = torch.Generator().manual_seed(0)
    means = torch.randn(size.classes, WIDTH, generator=rng)

    def drawn(count: int) -> tuple[Any, Any]:
        classes = torch.randint(0, size.classes, (count,), generator=rng)
        return (means[classes] + torch.randn(count, WIDTH, generator=rng)).relu_(), classes

    head = means / WIDTH**0.5 / 4
    embeddings, _ = drawn(size.pool)
    labelled, labels = drawn(size.labelled)
    made = {"embeddings": lambda: embeddings, "probs": lambda: (embeddings @ head.T).softmax(1)}
    made["mc_probs"] = lambda: masked_probs(
        embeddings, head, torch.zeros(size.classes), dropout_masks(size.samples, WIDTH, rate=0.5, generator=rng)
    )
    made["labelled_embeddings"] = lambda: labelled
    made["labelled_probs"] = lambda: (labelled @ head.T).softmax(1)
    made["labelled_labels"] = lambda: labels
    return {need: made[need]() for need in sorted(needs)}


def table(rows: list[Measured]) -> str:
    """Return the results as text."""
    return "\n".join(
        f"{row.strategy:20} {row.seconds:8.2f} s {row.peak_gib:6.2f} GiB (signals {row.signals_gib:5.2f} GiB)"
        f"  {row.notes}{'' if row.reached else '  <-- beyond the limit'}"
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
