"""What every strategy promises, over all modules in `altools.strategies` and every value of their Literal options."""

from __future__ import annotations

import ast
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from altools import strategies
from altools.errors import UserError
from altools.pool import Pool, Selection
from altools.rng import stream
from altools.statistics.query_notes import MEANINGS
from tests import pools


def variants() -> list:
    """Each strategy with its defaults, and with each other value of each Literal option."""
    found = []
    for name in strategies.names():
        found.append(pytest.param(name, {}, id=name))
        for option in strategies.describe(name).options.values():
            for value in literal_values(option.annotation):
                if value != option.default:
                    found.append(pytest.param(name, {option.name: value}, id=f"{name}-{option.name}={value}"))
    return found


def literal_values(annotation: str) -> list:
    tree = ast.parse(annotation, mode="eval").body
    if not (isinstance(tree, ast.Subscript) and ast.unparse(tree.value).endswith("Literal")):
        return []
    values = ast.literal_eval(tree.slice)
    return list(values) if isinstance(values, tuple) else [values]


every_variant = pytest.mark.parametrize(("name", "options"), variants())


def query(name: str, options: dict, pool: Pool, budget: int, seed: int = 0) -> Selection:
    """Run a strategy on the signals it declares, and check what holds of every answer."""
    module = strategies.load(name)
    seen = pools.restrict(pool, module.NEEDS)
    before = {key: value.clone() for key, value in vars(seen).items() if isinstance(value, torch.Tensor)}
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()

    chosen = module.select(seen, budget, stream(seed, "query"), **options)

    assert len(chosen.picks) == len(chosen.scores) == budget
    assert len(set(chosen.picks.tolist())) == budget, "a candidate was picked twice"
    assert int(chosen.picks.min()) >= 0 and int(chosen.picks.max()) < pool.size
    assert not chosen.scores.isnan().any() and not chosen.scores.isposinf().any()
    json.dumps(chosen.notes, allow_nan=False)
    assert set(chosen.notes) <= set(MEANINGS), "explain the note in altools.statistics.query_notes"
    for key, value in chosen.memory.items():
        assert len(value) == pool.size, f"memory[{key!r}] must have a row per candidate"
    for key, value in before.items():
        assert torch.equal(value, getattr(seen, key)), f"{key} was changed in place"
    assert torch.equal(states[0], torch.get_rng_state()), "torch's global generator moved"
    assert states[1] == np.random.get_state()[1].tolist(), "NumPy's global generator moved"
    return chosen


def next_round(name: str, options: dict, pool: Pool, chosen: Selection, budget: int) -> Selection:
    """Query the rest of the pool, with the memory of the unpicked rows handed back as the runner does."""
    rest = torch.ones(pool.size, dtype=torch.bool)
    rest[chosen.picks] = False
    remembering = replace(pool, memory=dict(chosen.memory))
    return query(name, options, pools.take(remembering, rest.nonzero().flatten()), budget, seed=1)


def test_needs_name_signals_of_the_pool_and_agree_with_the_source():
    for name in strategies.names():
        needs = strategies.load(name).NEEDS
        assert needs <= set(pools.SIGNALS), name
        assert needs == strategies.describe(name).constants["NEEDS"], name


@every_variant
@pytest.mark.parametrize("kind", pools.DEGENERATE)
def test_degenerate_pools_are_answered(name, options, kind):
    pool = pools.DEGENERATE[kind]()
    for budget in {1, pool.size // 2, pool.size - 1}:
        query(name, options, pool, budget)


@every_variant
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_any_pool_is_answered_over_two_rounds(name, options, data):
    size = data.draw(st.integers(2, 30), "candidates")
    budget = data.draw(st.integers(1, size - 1), "budget")
    pool = pools.make(
        size,
        classes=data.draw(st.integers(2, 5), "classes"),
        labelled=data.draw(st.integers(1, 9), "labelled"),
        sharpness=data.draw(st.sampled_from([0.0, 1.0, 100.0]), "sharpness"),
        seed=data.draw(st.integers(0, 9), "seed"),
    )
    distinct = data.draw(st.integers(1, size), "distinct candidates")
    pool = pools.take(pool, torch.arange(size) % distinct)
    chosen = query(name, options, pool, budget)
    if size - budget >= 2:
        next_round(name, options, pool, chosen, data.draw(st.integers(1, size - budget - 1), "second budget"))


@every_variant
def test_the_same_stream_gives_the_same_answer(name, options):
    first, second = (query(name, options, pools.make(), 8, seed=5) for _ in range(2))
    assert first.picks.tolist() == second.picks.tolist()
    assert torch.equal(first.scores, second.scores)
    assert first.notes == second.notes


@every_variant
def test_renaming_candidates_renames_the_picks(name, options):
    pool = pools.make(40, seed=3)
    answers = [query(name, options, pool, 12, seed=seed) for seed in range(4)]
    if any(not torch.equal(answer.picks, answers[0].picks) for answer in answers):
        pytest.skip(f"{name} draws random numbers")
    new_order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    renamed = query(name, options, pools.take(pool, new_order), 12)
    differ = (new_order[renamed.picks] != answers[0].picks).nonzero()
    # Two candidates of equal gain (mutual nearest neighbours, in facility location) are told apart by rounding alone;
    # the first pick that differs must be such a tie, and what follows it belongs to another batch.
    first = int(differ[0]) if len(differ) else len(renamed.picks)
    assert torch.allclose(renamed.scores[: first + 1], answers[0].scores[: first + 1], rtol=1e-5, atol=1e-6)
    assert first >= 4, "the picks differ from the start"


@every_variant
def test_two_classes_and_one_candidate_to_spare(name, options):
    query(name, options, pools.make(11, classes=2), 10)


@pytest.mark.parametrize("signal", [name for name in pools.SIGNALS if name != "labelled_labels"])
def test_nan_never_reaches_a_strategy(signal):
    pool = pools.make(6)
    broken = getattr(pool, signal).clone()
    broken[2] = float("nan")
    with pytest.raises(UserError, match=f"Pool.{signal} must be .*first at position 2 .synthetic."):
        replace(pool, **{signal: broken})
