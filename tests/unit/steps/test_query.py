"""What a strategy from elsewhere returns is held to the promise before anything is written; and what a query keeps."""

import pytest
import torch

from altools import models
from altools.columns import SPREAD
from altools.config.recipes import ModelSpec
from altools.data.images import Images
from altools.data.labelled import pool_rows
from altools.errors import UserError
from altools.pool import Selection
from altools.rng import stream
from altools.runtime.job import Job
from altools.signals import Asked
from altools.steps.query import Strategy, ask, check_selection
from tests.grids import tiny

PIXELS = torch.randint(0, 256, (20, 1, 8, 8), generator=stream(0, "pixels"), dtype=torch.uint8)

BROKEN = {
    "too few": ([0, 1], "Got 2 picks, 2 of them distinct, 0 outside, and 2 scores"),
    "none": ([], "Got 0 picks"),
    "twice the same": ([0, 1, 1], "3 picks, 2 of them distinct"),
    "beyond the pool": ([0, 1, 10], "1 outside"),
    "before the pool": ([0, 1, -1], "1 outside"),
}


@pytest.mark.parametrize(("picks", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_promise_is_one_sentence_with_what_came_instead(picks, said):
    selection = Selection(picks=torch.tensor(picks, dtype=torch.long), scores=torch.zeros(len(picks)))
    with pytest.raises(
        UserError, match=r"a strategy must pick 3 distinct positions in 0\.\.9 .*mine, seed 4"
    ) as refused:
        check_selection(selection, 3, 10, "mine, seed 4")
    assert said in str(refused.value)


def test_a_kept_promise_passes():
    check_selection(Selection(picks=torch.tensor([9, 0, 4]), scores=torch.zeros(3)), 3, 10, "mine, seed 4")


def job(round):
    return Job(wildcards={"dataset": "small"}, seed=0, round=round)


def asked(labelled):
    """A fresh network and 20 images, some of them labelled."""
    images = Images.on(torch.device("cpu"), PIXELS.clone(), [0.4], [0.3])
    model = models.build(ModelSpec(name="small_cnn", options={"filters": 4, "width": 8}), 1, 3, stream(0, "weights"))
    return Asked(
        model=model.eval(),
        images=images,
        labels=torch.arange(20) % 3,
        pool=pool_rows(20, labelled),
        labelled=labelled,
        stream=lambda purpose: stream(0, purpose, 1),
    )


def strategy(name, **options):
    entry = tiny(strategies=[name], strategy_options={name: options}).strategy(name)
    return Strategy(
        name=name,
        module=entry.module,
        needs=sorted(entry.needs),
        options=entry.options,
        signal_options=entry.signal_options,
    )


def test_rows_are_those_of_the_training_set_and_every_candidate_is_represented():
    answer = ask(strategy("margin"), asked(torch.tensor([3, 17, 0])), 4, {}, job(1))
    assert not {3, 17, 0} & set(answer.rows.tolist()) and len(answer.rows) == 4
    assert answer.represents.sum() == 17 and answer.notes["pool"] == 17 and answer.notes["budget"] == 4
    assert [int(part[0]) for part in answer.members] == answer.rows.tolist()  # each pick is the nearest to itself
    assert set(answer.notes["spread"]) == set(SPREAD) and answer.memory == {}


def test_what_a_strategy_keeps_comes_back_for_the_candidates_that_stay():
    keeps, labelled = strategy("cluster_margin", images_per_cluster=3), torch.tensor([3, 17, 0])
    first = ask(keeps, asked(labelled), 4, {}, job(1))
    rest = pool_rows(20, torch.cat([labelled, first.rows]))
    assert first.memory["rows"].tolist() == rest.tolist()
    second = ask(keeps, asked(torch.cat([labelled, first.rows])), 4, first.memory, job(2))
    left = {int(row): int(cluster) for row, cluster in zip(first.memory["rows"], first.memory["cluster"], strict=True)}
    kept = zip(second.memory["rows"].tolist(), second.memory["cluster"].tolist(), strict=True)
    assert all(left[row] == cluster for row, cluster in kept)


@pytest.mark.parametrize("budget", [17, 50])
def test_a_budget_that_covers_the_pool_takes_all_of_it_without_a_strategy(budget):
    nobody = Strategy(name="x", module="no.such.module", needs=[], options={}, signal_options={})
    answer = ask(nobody, asked(torch.tensor([3, 17, 0])), budget, {}, job(1))
    assert sorted([*answer.rows.tolist(), 3, 17, 0]) == list(range(20))
    assert answer.notes["notes"] == {"took_everything": True} and answer.represents.tolist() == [1] * 17


def test_a_signal_that_tells_nothing_is_noted():
    same = asked(torch.tensor([0]))
    same.images.pixels[:] = 7
    answer = ask(strategy("margin"), same, 4, {}, job(1))
    assert answer.notes["notes"]["constant_signals"] == "probs"
