"""What the command says, and where.

| file | has |
|---|---|
| output.py | the last writer of stdout and stderr |
| log_groups.py | groups in the log of a CI system, and text that commands none |
| streams.py | streams that never raise |
| abilities.py | colours, width, and lines that are written over |
| progress.py | how far a command is |
"""
