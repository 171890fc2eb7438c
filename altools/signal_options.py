"""The options of each signal, by name, with their defaults; no torch, because the config reads them.

A strategy's config entry may set the options of the signals it needs beside its own.
"""

from __future__ import annotations

SIGNAL_OPTIONS: dict[str, dict[str, int | float]] = {
    "embeddings": {},
    "labelled_probs": {},
    "labelled_embeddings": {},
    "labelled_labels": {},
    # 0: the network as it is; more: the mean over that many dropout masks.
    "probs": {"mc_average": 0, "mc_rate": 0.5},
    "mc_probs": {"mc_samples": 40, "mc_rate": 0.5},
    "bim_distance": {"bim_step": 0.01, "bim_max_steps": 100},
    "deepfool_distance": {"deepfool_max_steps": 50, "deepfool_overshoot": 0.02},
}
"""Every signal there is."""

BOUNDS = {
    "mc_average": "Annotated[int, Ge(0)]",
    "mc_rate": "Annotated[float, Ge(0), Lt(1)]",
    "mc_samples": "Annotated[int, Ge(2)]",
    "bim_step": "Annotated[float, Gt(0), Le(1)]",
    "bim_max_steps": "Annotated[int, Ge(1)]",
    "deepfool_max_steps": "Annotated[int, Ge(1)]",
    "deepfool_overshoot": "Annotated[float, Ge(0)]",
}
"""What each option may be, as an annotation of `altools.bounds`."""
