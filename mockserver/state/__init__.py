"""The whole state of a namespace as JSON, which is a scenario as well.

| file | has |
|---|---|
| exporting.py | from a store to JSON |
| importing.py | from JSON to a store |
"""
