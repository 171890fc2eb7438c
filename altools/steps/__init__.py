"""The steps of the workflow: each reads files, computes values, and writes files.

The middle part is a function of values that a notebook can call; the files around it are named by the workflow.
"""
