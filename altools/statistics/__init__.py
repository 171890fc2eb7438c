"""Statistics of the benchmark: table in, table out, one idea per module.

Knows nothing about files, figures or torch. Whatever cannot be computed (one seed only, a missing seed, NaN)
stays in the table as a row without the number and with a sentence in its ``note`` column.
"""
