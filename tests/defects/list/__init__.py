"""Mutants that violate requirements which are about lists, filters and paging."""
