"""Servers that are broken on purpose, each in one fact: the proof that the suite can fail.

`registry` has the decorator and the list; the other modules hold the defects, one area each.
"""
