"""What everybody may import: the mock, the suite and the command. It imports none of them.

| file | has |
|---|---|
| assets.py | where the contract and the scenarios lie |
| errors.py | what ends a command, and its exit code |
| har.py | exchanges as HAR 1.2 has them |
| redaction.py | keys are never shown whole |
| spelling.py | the spellings in which a key may stand in a text |
| visible.py | text in which every character can be seen |
"""
