"""Adapter: rule prepare to altools.steps.prepare."""

from altools.steps.warm import run

run("prepare.prepare", log=snakemake.log[0], alone=True, facts=snakemake.output.facts, **snakemake.params)
