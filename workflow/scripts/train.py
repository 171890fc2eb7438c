"""Adapter: rules train and train_reference to altools.steps.train."""

from altools.steps.warm import in_words, run

run(
    "train.train",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    labelled=snakemake.input.labelled,
    encoder=snakemake.input.encoder or None,
    **snakemake.output,
    **snakemake.params.arguments,
    seed=int(snakemake.wildcards.seed),
    where=in_words(snakemake.wildcards),
    threads=snakemake.threads,
)
