"""Adapter: rule queried_images to altools.steps.figures."""

from altools.steps.warm import run

run(
    "figures.queried_images",
    log=snakemake.log[0],
    setting=snakemake.wildcards.setting,
    table=snakemake.output.table,
    **snakemake.input,
    **snakemake.params,
)
