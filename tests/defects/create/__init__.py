"""Mutants that violate requirements which are about creating conversations."""
