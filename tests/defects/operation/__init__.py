"""Mutants that violate requirements which are about undocumented methods."""
