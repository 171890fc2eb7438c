"""Adapter: rule label_initial to altools.steps.label."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.label import label_initial

    label_initial(labelled=snakemake.output.labelled, seed=int(snakemake.wildcards.seed), **snakemake.params)
