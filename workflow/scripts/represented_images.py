"""Adapter: rule represented_images to altools.steps.figures."""

from altools.steps.warm import run

run(
    "figures.represented_images",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    index=snakemake.input.index,
    queries=list(snakemake.input.queries),
    dataset=snakemake.wildcards.dataset,
    setting=snakemake.wildcards.setting,
    table=snakemake.output.table,
    **snakemake.params,
)
