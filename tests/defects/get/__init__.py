"""Mutants that violate requirements which are about reading one conversation."""
