"""Agents that reply by themselves, so that a front end sees an inbox that lives.

| file | has |
|---|---|
| script.py | what an agent does, read from a script; script.schema.json describes it to editors |
| desk.py | an agent in one namespace: what it sees, and what it is about to do |
| runner.py | the thread that acts as time passes |
"""
