"""Adapter: rule figure to altools.steps.figures."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.figures import figure

    figure(
        name=snakemake.wildcards.figure,
        setting=snakemake.wildcards.setting,
        table=snakemake.output.table,
        **snakemake.input,
        **snakemake.params,
    )
