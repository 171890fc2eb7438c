"""Adapter: rule query to altools.steps.query."""

from altools.steps.warm import run

run(
    "query.query",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    model=snakemake.input.model,
    outputs=snakemake.input.outputs or None,
    labelled_before=snakemake.input.labelled_before,
    memory_before=snakemake.input.memory_before or None,
    **snakemake.output,
    **snakemake.params,
    seed=int(snakemake.wildcards.seed),
    threads=snakemake.threads,
)
