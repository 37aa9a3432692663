"""What the tests send.

| file | has |
|---|---|
| samples.py | texts and metadata that careless code changes |
| corpus.py | the conversations that list, filter and paging tests look through |
| valid_calls.py | a valid request for each operation |
| lived.py | conversations with a past |
"""
