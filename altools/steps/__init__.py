"""The steps of the pipeline: each reads artefacts, calls the library, and writes artefacts.

The only place that knows both files and computing; Snakemake's scripts and a notebook call the same functions.
"""
