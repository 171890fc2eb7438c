"""Adapter: rules predict and predict_reference to altools.steps.predict."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.predict import predict

    predict(
        facts=snakemake.input.facts,
        model=snakemake.input.model,
        **snakemake.output,
        **snakemake.params,
        threads=snakemake.threads,
    )
