"""Two servers side by side: what a run found of each, and one scripted session with each.

| file | has |
|---|---|
| session.py | the requests of the session, and sending them to one server |
| differences.py | what differs between two runs and two sessions |
| rendering.py, templates/ | the same as text, JSON and a page |
"""
