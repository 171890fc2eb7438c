"""Adapter: rule report to altools.steps.report."""

from altools.steps.warm import run

run(
    "report.report",
    log=snakemake.log[0],
    **{name: list(files) for name, files in snakemake.input.items()},
    **snakemake.output,
    **snakemake.params,
)
