"""What a user may set: schema, recipes, plug-ins and their options, messages, and the fingerprint of code.

Imports no torch and, except in `altools.config.schema` and `altools.config.options`, no validation library.
"""
