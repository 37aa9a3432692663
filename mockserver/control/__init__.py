"""What the mock offers besides the documented operations: reading and steering it, under a path that none of them can have.

| file | has |
|---|---|
| guard.py, access.py | who may read and steer the mock |
| inbox.py | conversations as an agent sees them |
| health.py, namespaces.py, state.py, requests.py, webhooks.py, coverage.py | a blueprint per resource |
| filters.py, matching.py, replaying.py, har.py | of requests.py: what is selected, what is expected, what is sent again, and HAR |
| faults.py, clock.py, choices.py, keys.py, conversations.py | more of them: what steers a namespace |
| description.py | what describes them all, openapi.yaml |
| bodies.py, responses.py, errors.py | bodies of their requests, their responses, and responses to errors |
"""
