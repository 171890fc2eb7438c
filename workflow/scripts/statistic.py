"""Adapter: rule statistic to altools.steps.statistics."""

from altools.steps.warm import run

run(
    "statistics.statistic",
    log=snakemake.log[0],
    name=snakemake.wildcards.statistic,
    curves=list(snakemake.input.curves),
    costs=list(snakemake.input.costs),
    **snakemake.output,
    **snakemake.params,
)
