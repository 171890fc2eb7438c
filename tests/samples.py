"""Where the real samples of the datasets are, when they are at hand."""

from pathlib import Path

SHARED = Path(__file__).parents[1].parent / "shared/data"
