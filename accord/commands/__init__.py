"""The subcommands, each whole in its module; `accord/cli.py` imports the one that runs.

| file | has |
|---|---|
| verify.py | checking a server, or the embedded mock |
| load.py | many users at once, alone or spread over machines |
| mock.py | running the mock server |
| trigger.py | firing a webhook event of a running mock |
| proxy.py | passing traffic, and telling which of it violates the contract |
| profile.py | observing a server's choices |
| diff.py | two servers side by side |
| keygen.py | a key to sign certificates with |
| certify.py | a verification at full effort, and its signed bundle |
| check_certificate.py | whether a bundle is valid |
| reverify.py | whether a server does again what its certificate says |
| challenge.py | contesting a requirement |
| compare.py | several reports beside each other |
| site.py | a static page of certificates |
| requirements.py | listing the catalogue |
| replay.py | whether a failure of an earlier run still happens |
"""
