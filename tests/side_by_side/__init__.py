"""Tests of two servers side by side."""
