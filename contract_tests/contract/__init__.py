"""What the suite reads of the contract, apart from the mock.

| file | has |
|---|---|
| document.py | operations, limits, enums and schemas of an OpenAPI document |
| catalogue.py | requirements and choices |
| operations.py | the operationIds of the document, by names |
| versions.py | the versions of the catalogue, and what each brought |
| excludes.py | the requirements that count for no verdict, since a challenge was accepted |
| citations.py | which tests cite which requirements |
| timestamps.py | RFC 3339 timestamps |
| mismatch.py | why a value is not what was expected, and where it stands |
| json_text.py | JSON as servers write it |
| schema_errors.py | violations of a schema, in words |
"""
