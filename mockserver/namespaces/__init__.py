"""Namespaces: states that know nothing of each other, served by one mock.

| file | has |
|---|---|
| addressing.py | which namespace a request is addressed to |
| following.py | looks for what other processes changed |
| namespace.py | one namespace, and the plan that it is made from |
| registry.py | all namespaces of a mock, made when they are first asked for |
| steering.py | what control requests change besides data, as JSON that processes share |
"""
