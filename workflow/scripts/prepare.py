"""Adapter: rule prepare to altools.steps.prepare."""

from altools.steps.job import job

with job(snakemake.log[0], alone=True):
    from altools.steps.prepare import prepare

    prepare(facts=snakemake.output.facts, **snakemake.params)
