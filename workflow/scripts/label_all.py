"""Adapter: rule label_all to altools.steps.label."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.label import label_all

    label_all(labelled=snakemake.output.labelled, **snakemake.params)
