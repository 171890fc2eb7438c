"""Adapter: rule queried_images to altools.steps.figures."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.figures import queried_images

    queried_images(
        setting=snakemake.wildcards.setting, table=snakemake.output.table, **snakemake.input, **snakemake.params
    )
