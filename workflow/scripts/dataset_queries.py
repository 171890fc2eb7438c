"""Adapter: rule dataset_queries to altools.steps.curves."""

from altools.steps.warm import run

run(
    "curves.dataset_queries",
    log=snakemake.log[0],
    queries=list(snakemake.input.queries),
    notes=list(snakemake.input.notes),
    index=snakemake.input.index,
    **snakemake.output,
    **snakemake.wildcards,
    **snakemake.params,
)
