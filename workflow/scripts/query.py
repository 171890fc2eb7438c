"""Adapter: rule query to altools.steps.query."""

from altools.steps.warm import in_words, run

run(
    "query.query",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    model=snakemake.input.model,
    outputs=snakemake.input.outputs or None,
    labelled_before=snakemake.input.labelled_before,
    memory_before=snakemake.input.memory_before or None,
    **snakemake.output,
    **snakemake.params.arguments,
    seed=int(snakemake.wildcards.seed),
    round=int(snakemake.wildcards.round),
    where=in_words(snakemake.wildcards),
    threads=snakemake.threads,
)
