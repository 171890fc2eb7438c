"""Adapter: rule dataset_curves to altools.steps.curves."""

from altools.steps.job import job

with job(snakemake.log[0]):
    from altools.steps.curves import dataset_curves

    dataset_curves(
        curve_files=list(snakemake.input.curves),
        cost_files=list(snakemake.input.costs),
        references=list(snakemake.input.references),
        **snakemake.output,
        **snakemake.wildcards,
        **snakemake.params,
    )
