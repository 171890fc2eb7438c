"""Adapter: rule dataset_queries to altools.steps.curves."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.curves import dataset_queries

    dataset_queries(
        queries=list(snakemake.input.queries),
        index=snakemake.input.index,
        **snakemake.output,
        **snakemake.wildcards,
        **snakemake.params,
    )
