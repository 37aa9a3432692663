"""The shipped tests. Each cites the requirements that it is there for; what it happens to show besides counts as well."""
