"""Adapter: rule report to altools.steps.report."""

from altools.steps.warm import run

run(
    "report.report",
    log=snakemake.log[0],
    curves=list(snakemake.input.curves),
    costs=list(snakemake.input.costs),
    images=list(snakemake.input.images),
    **snakemake.output,
    **snakemake.params,
)
