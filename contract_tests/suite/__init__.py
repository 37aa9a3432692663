"""The shipped tests. Each cites the requirements that it is meant to test; others that it happens to check count as well."""
