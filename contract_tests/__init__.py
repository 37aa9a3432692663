"""The conformance suite: judges any server of the Support Conversations API over HTTP.

What is in a folder uses only folders further down in this table; `load/`, `suite/` and `side_by_side/` do not use each other.

| where | has |
|---|---|
| suite/ | the shipped tests, a file for each area of requirements |
| load/ | the users of `accord load` |
| side_by_side/ | two servers, compared by `accord diff` |
| certification/ | signed verdicts that others can check, run again, and compare |
| run/ | a verification: settings, preflight, pytest with a plugin, and what it found |
| data/ | what the tests send |
| client/ | the client of the tests, which checks every response |
| judging/ | comparisons, the log of checks, and evidence |
| model/ | what was sent, and what the server acknowledged |
| webhook_receiver/ | what a server sends by itself, collected while the suite runs |
| reproduction/ | the requests that show a finding again, and as few of them as it takes |
| transport/ | requests and responses, connections, limits, whose data may be written to |
| reports/ | a writer for each format |
| outcome/ | results, the verdict, and both directions of their JSON |
| contract/ | what the suite reads of the contract document and the catalogue |
| effort.py | how much a run does |
"""
