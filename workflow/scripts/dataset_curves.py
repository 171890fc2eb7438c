"""Adapter: rule dataset_curves to altools.steps.curves."""

from altools.steps.warm import run

run(
    "curves.dataset_curves",
    log=snakemake.log[0],
    curve_files=list(snakemake.input.curves),
    cost_files=list(snakemake.input.costs),
    references=list(snakemake.input.references),
    **snakemake.output,
    **snakemake.wildcards,
    **snakemake.params,
)
