"""Adapter: rule report to altools.steps.report."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.report import report

    report(
        curves=list(snakemake.input.curves),
        costs=list(snakemake.input.costs),
        images=list(snakemake.input.images),
        **snakemake.output,
        **snakemake.params,
    )
