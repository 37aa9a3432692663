"""Serving the mock by HTTP.

| file | has |
|---|---|
| server.py | an application on a socket, from a thread of this process, and the request log |
| granian_worker.py | Granian, by parts of it that it does not document |
| environs.py | what Granian has of a request, as WSGI's environ |
| bodies.py | bodies of requests, which may be slow, cut or endless |
| deliveries.py | responses that are late, slow, cut or never come |
| timers.py | what is to be done later |
| connections.py | the sockets behind Granian |
| tls.py | a certificate made at the start, and how clients trust it |
| ports.py | sockets and the URLs that lead to them |
| subprocess_mock.py | a mock in a process of its own, for whoever needs one |
| child.py | that process |
"""
