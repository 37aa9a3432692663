"""Which response a request to the listener gets: success, unless it is about a conversation whose subject asks for another one."""

import re
import threading
from collections import Counter
from enum import StrEnum

from contract_tests.webhook_receiver.arrivals import key_of, members_of

REDIRECTED = "/accord-redirected"
"""Where a redirect leads. A sender that follows it gets an error there, too: the event was not accepted."""

_TOKEN = re.compile(rb"accord-webhook-([a-z]+)")


class Kind(StrEnum):
    """The response to the first attempt to deliver each event of a conversation; to every attempt, if NEVER."""

    ERROR = "error"
    MISSING = "missing"
    REDIRECT = "redirect"
    SILENT = "silent"
    NEVER = "never"


STATUSES = {Kind.ERROR: 500, Kind.MISSING: 404, Kind.REDIRECT: 307, Kind.SILENT: 0, Kind.NEVER: 503}
TAKEN = 204


def token(kind: Kind) -> str:
    """Return what the subject of a conversation has to have."""
    return f"accord-webhook-{kind}"


class Behaviour:
    """Decides on responses. Safe to use from several threads."""

    def __init__(self) -> None:
        self._attempts = Counter[object]()
        self._lock = threading.Lock()

    def status(self, path: str, body: bytes) -> int:
        """Return the status of the response; 0 for none."""
        if path.startswith(REDIRECTED):
            return 500
        found = _TOKEN.search(body)
        kind = next((one for one in Kind if found and found[1] == one.encode()), None)
        if kind is None:
            return TAKEN
        key = key_of(members_of(body))
        with self._lock:
            self._attempts[key] += 1
            first = self._attempts[key] == 1
        return STATUSES[kind] if first or kind is Kind.NEVER else TAKEN
