"""API keys: who may do what.

| file | has |
|---|---|
| model.py | keys, rings of keys, and the ready-made keys of a seed |
| files.py | reading keys from a file |
| sent.py | what a request carried as a key, so that it is not shown whole |
"""
