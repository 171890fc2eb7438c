"""Adapter: rule summary to altools.steps.summary."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.summary import summary

    summary(curves=list(snakemake.input.curves), **snakemake.output, **snakemake.params)
