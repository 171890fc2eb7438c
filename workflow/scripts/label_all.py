"""Adapter: rule label_all to altools.steps.label."""

from altools.steps.warm import run

run("label.label_all", log=snakemake.log[0], labelled=snakemake.output.labelled, **snakemake.params)
