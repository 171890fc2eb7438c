"""Adapter: rule learning_curves to altools.steps.figures."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.figures import learning_curves

    learning_curves(
        curves=snakemake.input.curves,
        table=snakemake.output.table,
        setting=snakemake.wildcards.setting,
        **snakemake.params,
    )
