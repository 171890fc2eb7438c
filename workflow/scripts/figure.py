"""Adapter: rule figure to altools.steps.figures."""

from altools.steps.warm import run

run(
    "figures.figure",
    log=snakemake.log[0],
    name=snakemake.wildcards.figure,
    dataset=snakemake.wildcards.dataset,
    setting=snakemake.wildcards.setting,
    table=snakemake.output.table,
    **snakemake.input,
    **snakemake.params,
)
