"""The `accord` command, and what both sides need to find the contract."""

__version__ = "0.1.0"
