"""Requests and responses, as values that know no web framework.

| file | has |
|---|---|
| messages.py | the request and the response |
| delivery.py | how a response is to travel: late, slowly, in part, or not at all |
| body_errors.py | why the body of a request is missing |
| json_bodies.py | JSON as bodies of requests carry it |
| wsgi.py | small things of the WSGI interface |
| routes.py | which operation a path and method mean |
| cors.py | what browsers of other origins ask and must be told |
| flask_response.py | a response as Flask sends it |
"""
