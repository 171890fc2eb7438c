"""Figures of the benchmark: DataFrame in, matplotlib Figure out, one kind of figure per module.

Knows nothing about torch or where the tables come from; only `altools.plotting.files` writes to disk.
"""
