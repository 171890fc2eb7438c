"""Adapter: rules train and train_reference to altools.steps.train."""

from altools.steps.warm import run

run(
    "train.train",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    labelled=snakemake.input.labelled,
    encoder=snakemake.input.encoder or None,
    **snakemake.output,
    **snakemake.params,
    seed=int(snakemake.wildcards.seed),
    threads=snakemake.threads,
)
