"""Adapter: rule curve to altools.steps.curves."""

from altools.steps.warm import run

run(
    "curves.curve",
    log=snakemake.log[0],
    scores=list(snakemake.input.scores),
    histories=list(snakemake.input.histories),
    queries=list(snakemake.input.queries),
    **snakemake.output,
    **snakemake.wildcards,
    **snakemake.params,
)
