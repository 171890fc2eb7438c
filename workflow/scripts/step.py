"""Run the step that the rule names in its params."""

from altools.runtime.warm import run


def plain(files):
    """Return named files as strings and lists."""
    return {name: value if isinstance(value, str) else list(value) for name, value in files.items()}


run(
    step=snakemake.params.step,
    log=snakemake.log[0],
    inputs=plain(snakemake.input),
    outputs=plain(snakemake.output),
    wildcards=dict(snakemake.wildcards),
    arguments=snakemake.params.arguments,
    threads=snakemake.threads,
    alone=snakemake.params.get("alone", False),
)
