"""What the run did, and what the server acknowledged: the model that responses are compared with.

| file | has |
|---|---|
| ledger.py | conversations, messages and people |
| marks.py | what texts of the run are known again by |
| writes.py | every request that wrote or tried to, in order |
"""
