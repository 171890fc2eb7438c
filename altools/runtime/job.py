"""Run a step as a job: build its typed arguments from plain ones, and say what made its artefacts."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from altools import __version__, storage
from altools.runtime.plain import from_plain

Files = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of the workflow: who computes, for which run, and from what."""

    step: str = ""
    """Module and function in `altools.steps`, such as "train.train"."""
    wildcards: Mapping[str, str] = field(default_factory=dict)
    """Which run: dataset, setting, strategy, seed, round ..."""
    inputs: Files = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Everything that the step is told, plain values."""
    threads: int = 1
    """CPU threads."""
    seed: int = 0
    round: int = 0
    """-1 for the reference model."""
    device: str = "cpu"
    """"auto", "cpu" or "cuda"."""
    gpus: int = 1
    """GPUs that train one network together."""
    code: str = ""
    """Version of the code (`altools.config.fingerprint.code_version`)."""

    @property
    def name(self) -> str:
        """The job in words, for messages.

        Example:
            >>> Job(wildcards={"dataset": "digits", "seed": "0"}).name
            'dataset digits, seed 0'
        """
        return ", ".join(f"{name} {value}" for name, value in self.wildcards.items()) or "this job"

    def provenance(self, inputs: Collection[str] | None = None, **measured: Any) -> dict[str, Any]:
        """Return the record that an artefact carries: what made it, from what.

        Args:
            inputs: names of the inputs whose content the artefact depends on; all by default.
            measured: what the job found out itself, such as its device.
        """
        names = self.inputs if inputs is None else inputs
        return {
            "altools": __version__,
            "code": self.code,
            "step": self.step,
            "job": dict(self.wildcards),
            "params": {key: value for key, value in self.arguments.items() if key != "job"},
            "inputs": {name: storage.content_checksum(self.inputs[name]) for name in names},
            **measured,
        }


def perform(
    step: str,
    inputs: Files,
    outputs: Files,
    wildcards: Mapping[str, str],
    arguments: Mapping[str, Any],
    threads: int,
    **extra: Any,
) -> None:
    """Call a step with typed values, built from plain ones by the hints of its signature.

    Args:
        step: module and function in `altools.steps`.
        inputs: files by name.
        outputs: likewise.
        wildcards: which run.
        arguments: the step's other arguments, and under "job" values of the `Job`.
        threads: CPU threads.
        extra: further arguments of the step that are no plain values.
    """
    module, name = step.split(".")
    function = getattr(importlib.import_module(f"altools.steps.{module}"), name)
    run = {key: int(wildcards[key]) for key in ("seed", "round") if key in wildcards}
    job = Job(
        step=step,
        wildcards=wildcards,
        inputs=inputs,
        arguments=arguments,
        threads=threads,
        **{**run, **arguments.get("job", {})},
    )
    values = {**arguments, "inputs": inputs, "outputs": outputs, "job": job}
    hints = get_type_hints(function)
    wanted = [name for name in inspect.signature(function).parameters if name in values]
    function(**{name: from_plain(hints[name], values[name]) for name in wanted}, **extra)
