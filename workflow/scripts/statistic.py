"""Adapter: rule statistic to altools.steps.statistics."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.statistics import statistic

    statistic(
        name=snakemake.wildcards.statistic,
        curves=list(snakemake.input.curves),
        costs=list(snakemake.input.costs),
        **snakemake.output,
        **snakemake.params,
    )
