"""From a response to a finding.

| file | has |
|---|---|
| check_log.py | every check that was made, and what it said |
| mismatches/ | pure comparisons: None, or what is wrong |
| evidence.py | what a report shows of a violation |
| sign.py | what a finding is recognised by when it is sent again |
| places.py | where in a response something is |
| pathological.py | which requests are such that a server may break down at them |
"""
