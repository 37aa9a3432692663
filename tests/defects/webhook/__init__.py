"""Mutants that violate requirements about what a server sends by itself."""
