"""What the mock reads of the contract document, and pure checks by it.

| file | has |
|---|---|
| document.py | the operations, parameters, bodies and key schemes of an OpenAPI document |
| responses.py, webhooks.py | its responses of every status, with their headers and links, and what a server sends by itself |
| walker.py | references and places in it |
| keywords.py | which keywords the document may use; any other is an error |
| schema.py | schemas, checked by jsonschema-rs, and what violates them |
| checks.py | what is wrong with a value of a response |
| catalogue.py | the requirements by id |
| choices.py | the points left open, and the option that a mock takes at each |
"""
