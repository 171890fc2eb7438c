"""The library of the active-learning benchmark: tensors and values in, tensors and values out.

Knows nothing about Snakemake or YAML. Importing this package imports nothing else:
each job loads only the modules it computes with.
"""

__version__ = "0.1.0"
