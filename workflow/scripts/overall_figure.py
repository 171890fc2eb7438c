"""Adapter: rule overall_figure to altools.steps.figures."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.figures import overall_figure

    overall_figure(
        name=snakemake.wildcards.figure,
        setting=snakemake.wildcards.setting,
        curves=list(snakemake.input.curves),
        table=snakemake.output.table,
        **snakemake.params,
    )
