"""Adapter: rule curve to altools.steps.curves."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.curves import curve

    curve(
        scores=list(snakemake.input.scores),
        histories=list(snakemake.input.histories),
        queries=list(snakemake.input.queries),
        **snakemake.output,
        **snakemake.wildcards,
        **snakemake.params,
    )
