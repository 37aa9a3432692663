"""The data that a namespace starts with.

| file | has |
|---|---|
| reader.py | reading a scenario, by name or from a file |
| generator.py | conversations made from templates |
| loader.py | from a scenario into a store |
"""
