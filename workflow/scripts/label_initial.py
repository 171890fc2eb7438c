"""Adapter: rule label_initial to altools.steps.label."""

from altools.steps.warm import run

run(
    "label.label_initial",
    log=snakemake.log[0],
    labelled=snakemake.output.labelled,
    seed=int(snakemake.wildcards.seed),
    **snakemake.params,
)
