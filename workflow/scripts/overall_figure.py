"""Adapter: rule overall_figure to altools.steps.figures."""

from altools.steps.warm import run

run(
    "figures.overall_figure",
    log=snakemake.log[0],
    name=snakemake.wildcards.figure,
    setting=snakemake.wildcards.setting,
    curves=list(snakemake.input.curves),
    table=snakemake.output.table,
    **snakemake.params,
)
