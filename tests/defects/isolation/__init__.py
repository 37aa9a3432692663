"""Mutants that violate requirements which keep organisations apart."""
