"""Adapter: rule query_statistic to altools.steps.statistics."""

from altools.steps.warm import run

run(
    "statistics.query_statistic",
    log=snakemake.log[0],
    name=snakemake.wildcards.statistic,
    **{name: list(files) for name, files in snakemake.input.items()},
    **snakemake.output,
    **snakemake.params,
)
