"""Replay a training step as one CUDA graph, so that the GPU is not waiting for Python to launch 300 small kernels.

A step must read and write only tensors that stay where they are, and must not wait for the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

Step = Callable[[], None]
WARM_UP = 3
"""Runs before a capture: libraries choose their algorithms and allocate their workspaces then."""


class Graphs:
    """Captures steps that share one memory pool, as only one of them runs at a time."""

    def __init__(self, state: Iterable[Tensor]) -> None:
        """Remember what a warm-up must leave as it was.

        Args:
            state: every tensor that a step changes.
        """
        self._state = list(state)
        self._pool = torch.cuda.graph_pool_handle()

    def capture(self, step: Step) -> Step:
        """Return a function that replays ``step``; capturing changes nothing in the state."""
        before = [tensor.detach().clone() for tensor in self._state]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                step()
                for tensor, value in zip(self._state, before, strict=True):
                    tensor.detach().copy_(value)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            step()
        return graph.replay
