"""The requests that show a finding again, from nothing.

| file | has |
|---|---|
| steps.py | a reproduction as values: its requests, and what each defines and uses |
| shell.py | a reproduction as shell lines |
| reduction.py | leaving out what makes no difference, by trying |
| likeness.py | whether two responses show the same |
| sign.py | what a finding is recognised by, for a script |
"""
