"""Adapter: rule settings_side_by_side to altools.steps.figures."""

from altools.steps.warm import run

run(
    "figures.settings_side_by_side",
    log=snakemake.log[0],
    curves=snakemake.input.curves,
    table=snakemake.output.table,
    **snakemake.params,
)
