"""Adapter: rule simsiam to altools.steps.pretrain."""

from altools.steps.warm import in_words, run

run(
    "pretrain.pretrain",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    **snakemake.output,
    **snakemake.params.arguments,
    where=in_words(snakemake.wildcards),
    threads=snakemake.threads,
)
