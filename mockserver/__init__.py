"""A stateful mock of the Support Conversations API, driven by the contract document.

`mockserver.app.create_app` builds it as an ordinary Flask application; `mockserver.serving.server` serves it; `mockserver.testing`
responds to code that uses `requests`, in-process.

| where | has |
|---|---|
| app.py | the Flask application: routes, from the contract, to the dispatcher |
| fast_path.py | when and how a request goes past Flask's contexts |
| dispatcher.py | finds the namespace of a request and has it handled there |
| journal.py | the latest requests and their responses |
| handling/ | the one way of a request: authenticate, validate, act, serialize |
| namespaces/ | states that know nothing of each other |
| coverage/ | what of the contract a client has met |
| state/ | the whole state of a namespace as JSON |
| scenarios/ | what a namespace starts with |
| agents/ | who replies by themselves |
| faults/ | responses that fail on purpose |
| console/ | the page over the control API, and the ways that lead a browser to it |
| control/ | reading and steering the mock |
| webhooks/ | telling receivers of events |
| proxy/ | passing traffic to another server, judged |
| store/ | where the state is kept: memory, SQLite, PostgreSQL |
| keys/ | organisations and their keys |
| http/ | requests and responses as values |
| contract/ | what the mock reads of the contract document |
| model/ | what all of them speak |
| serving/ | serving by HTTP |
| testing/ | the mock in Python tests: in-process, and over a socket |
| watching.py | files that are taken again when they change |
| quickstart.py | requests to try, as lines for a shell |
| yaml_files.py, members.py | reading YAML, and JSON objects strictly |
| json_depth.py, gc_tuning.py | how deep JSON is nested, and Python's garbage collector |
"""
