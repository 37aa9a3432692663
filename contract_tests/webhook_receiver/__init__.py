"""What a server sends by itself, collected while the suite runs.

A listener takes what comes and writes it to a file, in the process that began the run; the tests, in whichever process, read it
there. A token in the request says how the listener responds, so that nothing has to be arranged with it.

| file | has |
|---|---|
| listener.py | the HTTP server, and the file that it writes |
| arrivals.py | one request that came, and both directions of its line |
| behaviour.py | which responses what comes asks for |
| inbox.py | what came, for those who wait for it |
"""
