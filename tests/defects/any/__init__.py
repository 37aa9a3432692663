"""Mutants that violate requirements which hold for every operation."""
