"""Adapter: rules train and train_reference to altools.steps.train."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.train import train

    train(
        facts=snakemake.input.facts,
        labelled=snakemake.input.labelled,
        encoder=snakemake.input.encoder or None,
        **snakemake.output,
        **snakemake.params,
        seed=int(snakemake.wildcards.seed),
        threads=snakemake.threads,
    )
