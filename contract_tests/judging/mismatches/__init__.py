"""Pure matchers, named by the fault: each returns why a value is not what it should be (a Mismatch), or None where it is.

| file | is about |
|---|---|
| responses.py | statuses and media types |
| conversations.py, messages.py, people.py | what is shown of each |
| lists.py | what a list must hold |
| isolation.py | what one organisation sees of another |
| webhooks.py | what a server sends by itself |
| internals.py | what error responses show of a server's inside |
| values.py | whether two JSON values are the same |
| comparing.py | what may be compared from one response to the next |
"""

from contract_tests.contract.mismatch import Mismatch, of_item, pointed, pointer, shown, within

__all__ = ["Mismatch", "of_item", "pointed", "pointer", "shown", "within"]
