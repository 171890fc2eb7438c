"""Adapter: rule simsiam to altools.steps.pretrain."""

from altools.steps.warm import run

run(
    "pretrain.pretrain",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    **snakemake.output,
    **snakemake.params,
    seed=int(snakemake.wildcards.seed),
    threads=snakemake.threads,
)
