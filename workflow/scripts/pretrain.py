"""Adapter: rule simsiam to altools.steps.pretrain."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.pretrain import pretrain

    pretrain(
        facts=snakemake.input.facts,
        **snakemake.output,
        **snakemake.params,
        seed=int(snakemake.wildcards.seed),
        threads=snakemake.threads,
    )
