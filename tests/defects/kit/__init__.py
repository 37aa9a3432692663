"""What mutants are made of.

| file | has |
|---|---|
| parts.py | a mock with one part replaced |
| rules.py | changed rules of conversations, lists and messages |
| creating.py, messages.py, resolving.py | the same for one operation |
| crashing.py | server errors |
| hooks.py | webhooks |
| stores.py | what looks into a store |
"""
