"""Adapter: rule pretraining to altools.steps.figures."""

from altools.steps.warm import run

run(
    "figures.pretraining",
    log=snakemake.log[0],
    histories=list(snakemake.input.histories),
    metrics=list(snakemake.input.metrics),
    dataset=snakemake.wildcards.dataset,
    table=snakemake.output.table,
    **snakemake.params,
)
