"""Mutants that violate requirements which are about the two kinds of key."""
