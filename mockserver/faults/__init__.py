"""Faults: responses that fail on purpose, for requests that rules select.

| file | has |
|---|---|
| active.py | the rules of a namespace, and which of them fires |
| rules.py | which requests meet a fault, and how often |
| effects.py | what a fault does to a response |
| rate_limits.py | token buckets |
| header.py | a fault for one request, by its header |
"""
