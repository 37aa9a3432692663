"""The client of the tests, which checks every response that it gets.

| file | has |
|---|---|
| helpdesk.py | what tests use: creating, sending and resolving, joined with all that follows |
| names.py | addresses, subjects and texts that nobody else has |
| api.py | sending requests to operations, by the keys that may call them |
| calls.py | the same, with what holds for every response checked |
| conversations.py | reading conversations, compared with what was acknowledged |
| lists.py | listing conversations |
| messages.py | reading messages, compared with those that were sent |
| snapshots.py | what must not have changed |
| rereading.py | reading everything again at the end |
| horizon.py | how long what was written is left alone before that |
| pages.py | a page of conversations, and following pages to the end |
| dress.py | what client libraries add to requests |
| dressed.py | sending requests with that |
| repeating.py | asking again, and comparing two responses |
| duplicates.py | whether a repeated request was carried out twice |
| eventual.py | waiting until a write becomes visible |
"""
