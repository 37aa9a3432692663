"""Certificates: a verdict in a folder that others can check, run again, and compare.

| file | has |
|---|---|
| bundle.py | the folder of a certificate: its files, written and read |
| checking.py | whether a stranger's bundle is valid |
| telling.py | what checking a bundle says |
| recompute.py | the checks of a bundle, held against its exchanges |
| rules.py | what a check that passed implies of its exchange, by requirement |
| rules_of_conversations.py, rules_of_lists.py, rules_of_messages.py | the same, by what the exchange shows |
| world.py | what the exchanges of a bundle say together |
| reverification.py | whether another run comes to what a certificate says |
| challenge.py | the file by which a vendor contests a requirement |
| comparing.py | several reports beside each other |
| many.py | many bundles, checked side by side |
| pages.py | certificates, comparisons and sites as HTML, and the badge |
| site.py | a static site of certificates |
| templates/ | what pages.py fills in |
| eligibility.py | why a run cannot be certified |
| lifetime.py | how long a certificate counts |
| statement.py | the in-toto statement that is signed |
| product.py | what a vendor says of the product |
| signing.py | keys, and the envelope of a signed statement |
"""
