"""Tests of what is pasted into other people's pipelines."""
