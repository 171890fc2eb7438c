"""Names that the steps which write tables share with the statistics and figures which read them."""

REFERENCE = "reference"
"""In place of a strategy: the model trained on every label."""
SPREAD = ("mean_distance", "coverage_radius", "mean_coverage", "duplicates")
"""How the picks of a query lie in embedding space (`altools.kernels.spread.Spread`)."""
