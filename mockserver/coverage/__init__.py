"""What of the contract a client has met so far, and what never.

| file | has |
|---|---|
| met.py | what was met: noted with each response |
| exercised.py | which choices a request exercised |
| report.py | the figure, what it is a part of, and both as JSON and text |
"""
