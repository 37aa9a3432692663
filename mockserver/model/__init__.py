"""What every part of the mock speaks: plain values, without HTTP, Flask or SQL.

| file | has |
|---|---|
| records.py | conversations, messages and users as a store keeps them |
| caller.py | API keys, and who calls by one |
| checked_request.py | what a request asks for, read and checked |
| refusal.py | why a request is not carried out, by kind |
| pages.py | a page of records |
| events.py, deliveries.py | what happened to a conversation · who is told, and what came of it |
| clock.py | the time, in microseconds, which never goes back, and can be frozen, moved on and made faster |
| ids.py | ids of what is created, from a seed or from chance |
"""
