"""Adapter: rules predict and predict_reference to altools.steps.predict."""

from altools.steps.warm import run

run(
    "predict.predict",
    log=snakemake.log[0],
    facts=snakemake.input.facts,
    model=snakemake.input.model,
    **snakemake.output,
    **snakemake.params.arguments,
    threads=snakemake.threads,
)
