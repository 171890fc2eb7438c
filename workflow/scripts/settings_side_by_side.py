"""Adapter: rule settings_side_by_side to altools.steps.figures."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.figures import settings_side_by_side

    settings_side_by_side(curves=snakemake.input.curves, table=snakemake.output.table, **snakemake.params)
