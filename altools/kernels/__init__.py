"""Arithmetic shared by strategies: tensors in, tensors out, blocked so that no n x n matrix is held."""
