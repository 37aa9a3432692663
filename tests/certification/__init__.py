"""Tests of certificates: what is refused, what is detected, and what is shown."""
