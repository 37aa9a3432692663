"""Mutants that violate requirements which are about resolving."""
