"""Sending requests and receiving responses, and nothing that a test did not ask for.

| file | has |
|---|---|
| exchange.py | a request and its response, as values |
| credentials.py | keys, the ways to send them, and bad keys |
| texts.py | texts in which keys and ids are named instead of written out |
| sender.py | pace, Retry-After, time limits and repeated sending |
| creations.py | how much may be created, and what was |
| guard.py | what may be written to on a server that others use |
| stopping.py | when a run is over, which everything that waits asks |
| access.py | what a gate before the server asks for, certificates, and a proxy |
| http.py | one HTTP/1.1 connection |
| wire.py | a socket whose every wait ends |
| receiving.py | reading a response, and no more of it than anybody needs |
| encodings.py | a body without gzip and deflate, within a limit |
| in_process.py | a server in this process in place of a connection |
| applications.py | WSGI and ASGI applications called so |
"""
