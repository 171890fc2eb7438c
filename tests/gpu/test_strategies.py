"""On a GPU: strategies pick what they pick on a CPU, and their inner loops never wait for the host."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from altools import strategies
from altools.kernels import dropout_heads, facility
from altools.kernels.gradients import residuals, squared_norms
from altools.pool import Pool
from altools.rng import stream
from altools.strategies import glister
from tests import pools
from tests.contract.test_strategy_promises import every_variant

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]
DEVICE = torch.device("cuda")
ALIKE = 0.8
"""Share of picks that must agree: rounding differs between devices, and one other choice leads to more."""


def moved(pool: Pool) -> Pool:
    signals = {name: value.to(DEVICE) for name, value in vars(pool).items() if isinstance(value, torch.Tensor)}
    return replace(pool, **signals, memory={name: value.to(DEVICE) for name, value in pool.memory.items()})


@every_variant
def test_picks_are_those_of_the_cpu(name, options):
    module = strategies.load(name)
    pool = pools.restrict(pools.make(400, classes=6, width=32, labelled=60), module.NEEDS)
    here = module.select(pool, 40, stream(0, "query"), **options)
    there = module.select(moved(pool), 40, stream(0, "query"), **options)
    assert len(set(there.picks.tolist())) == 40
    assert len(set(here.picks.tolist()) & set(there.picks.tolist())) >= ALIKE * 40
    assert set(here.notes) == set(there.notes)
    rest = {key: value.device.type for key, value in there.memory.items()}
    assert set(rest.values()) <= {DEVICE.type}


@pytest.mark.parametrize("degenerate", [pools.duplicated, pools.constant, pools.saturated, pools.dead_embeddings])
@every_variant
def test_degenerate_pools_do_not_fail(name, options, degenerate):
    module = strategies.load(name)
    pool = degenerate()
    chosen = module.select(moved(pools.restrict(pool, module.NEEDS)), 5, stream(0, "query"), **options)
    assert len(set(chosen.picks.tolist())) == 5


@contextmanager
def no_waiting():
    """Raise where the host would wait for the device."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("pairs", [False, True])
def test_a_walk_among_leaders_does_not_wait(pairs):
    rng = torch.Generator().manual_seed(0)
    rows = torch.rand(16, 50, generator=rng).to(DEVICE)
    columns = torch.randint(0, 200, (16, 50), generator=rng).to(DEVICE) if pairs else None
    leaders = facility._Leaders(rows, columns, rows.new_zeros(16), rows.new_zeros(16))
    cover, gains = rows.new_zeros(200 if pairs else 50), rows.new_empty(8)
    picks = torch.empty(8, dtype=torch.long, device=DEVICE)
    with no_waiting():
        count, _ = facility._walk(leaders, cover, picks, gains)
    assert int(count) == 8 and len(set(picks.tolist())) == 8


def test_diverse_picks_do_not_wait():
    pool = moved(pools.make(200, classes=5, width=16))
    assert pool.probs is not None and pool.embeddings is not None
    residual = residuals(pool.probs)
    norms = squared_norms(residual, pool.embeddings)
    excluded, penalty = torch.zeros_like(norms), torch.zeros_like(norms)
    with no_waiting():
        taken = glister._diverse(norms, 10, excluded, penalty, 1.0, residual, pool.embeddings, norms)
    assert len(set(taken.picks.tolist())) == 10


def test_dropout_heads_agree_with_the_cpu():
    rng = torch.Generator().manual_seed(0)
    parts = [torch.randn(*shape, generator=rng) for shape in ((30, 8), (4, 8), (4,), (6, 8))]
    here = dropout_heads.masked_probs(*parts)
    there = dropout_heads.masked_probs(*(part.to(DEVICE) for part in parts))
    torch.testing.assert_close(there.cpu(), here, atol=1e-4, rtol=1e-3)
