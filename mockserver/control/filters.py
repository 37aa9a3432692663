"""Which entries of the journal a request to it selects by its query."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any

from flask import Request

from accord.base.redaction import Redactor
from mockserver.control.bodies import ControlError
from mockserver.control.responses import json_text
from mockserver.faults.active import DECIDED
from mockserver.journal import Entry, Journal
from mockserver.model.caller import ApiKey
from mockserver.model.refusal import Refusal
from mockserver.namespaces.namespace import Namespace

PARAMETERS = ("after", "limit", "operation", "status", "key", "requirement", "q")

_LIMIT = re.compile(r"[0-9]{1,9}")
_STATUS = re.compile(r"[1-5]([0-9][0-9]|xx)")
_DECISION = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class Seen:
    """An entry of the journal, and the key of the namespace that it was sent with."""

    def __init__(self, entry: Entry, key: ApiKey | None, known: Redactor) -> None:
        self.entry = entry
        self.key = key
        self._known = known

    @cached_property
    def shown(self) -> Mapping[str, Any]:
        """The entry as a JSON value, without keys. Made only when it is needed, as that takes longer than the request did."""
        return self.entry.shown(self._known, self.key)

    @property
    def decision(self) -> str | None:
        """The id of the requirement, choice or fault that decided the response, or None."""
        decided_by = self.entry.response.decided_by
        return None if decided_by is None else decided_by.removeprefix(DECIDED)


class JournalView:
    """The journal of one namespace as the control API shows it, with the keys of `keys_of`."""

    def __init__(self, journal: Journal, name: str, keys_of: Namespace) -> None:
        self._journal = journal
        self._name = name
        self.keys_of = keys_of

    def newest_first(self) -> Iterator[Seen]:
        """Yield all requests to the namespace that are kept."""
        return map(self._seen, self._journal.entries(self._name))

    def since(self, id: str) -> Iterator[Seen]:
        """Yield the requests that came after that one, oldest first. Raises ControlError for an id that the journal never gave."""
        try:
            return map(self._seen, self._journal.since(self._name, id))
        except KeyError:
            raise ControlError(
                400, f"The parameter after is {id[:100]!r}, which this process of the mock gave to no request; leave it out."
            ) from None

    def find(self, id: str) -> Seen:
        """Return the request of that id. Raises ControlError if it is not kept."""
        entry = self._journal.find(self._name, id)
        if entry is None:
            raise ControlError(404, f"The journal of this namespace has no request {id[:100]!r}; it keeps the latest ones only.")
        return self._seen(entry)

    def _seen(self, entry: Entry) -> Seen:
        return Seen(entry, self._key_of(entry), self.keys_of.keys.redactor)

    def _key_of(self, entry: Entry) -> ApiKey | None:
        try:
            text, _ = self.keys_of.pipeline.authenticator.presented(entry.request)
        except Refusal:
            return None
        return self.keys_of.keys.get(text)

    def selected(self, request: Request) -> Iterator[Seen]:
        """Yield what the query of a request selects, in its order. Raises ControlError for a parameter that cannot be used."""
        sent = _parameters(request)
        limit = sent.get("limit")
        if limit is not None and not _LIMIT.fullmatch(limit):
            raise ControlError(400, "The parameter limit is not a number of requests, such as 20.")
        tests = [*self._tests(sent)]
        found = self.since(sent["after"]) if "after" in sent else self.newest_first()
        chosen = (seen for seen in found if all(test(seen) for test in tests))
        return islice(chosen, None if limit is None else int(limit))

    def _tests(self, sent: Mapping[str, str]) -> Iterator[Callable[[Seen], bool]]:
        if "operation" in sent:
            operation = sent["operation"]
            check_operation(operation, self.keys_of.contract.operations)
            yield lambda seen: seen.entry.operation == operation
        if "status" in sent:
            status = sent["status"].lower()
            if not _STATUS.fullmatch(status):
                raise ControlError(400, "The parameter status is no status; write one as 404 or 4xx.")
            yield lambda seen: status in (str(seen.entry.response.status), f"{seen.entry.response.status // 100}xx")
        if "key" in sent:
            name = sent["key"]
            check_key(name, self.keys_of)
            yield lambda seen: seen.key is not None and seen.key.name == name
        if "requirement" in sent:
            id = sent["requirement"]
            if not _DECISION.fullmatch(id):
                raise ControlError(
                    400, "The parameter requirement is no id of a requirement, a choice or a fault, such as tier.refused."
                )
            yield lambda seen: seen.decision == id
        if "q" in sent:
            text = sent["q"].casefold()
            yield lambda seen: text in json_text([seen.shown["request"], seen.shown["response"]]).casefold()


def check_operation(operation: object, operations: Collection[str]) -> None:
    """Raise ControlError unless it is a documented operation, or an empty text, which stands for none."""
    if operation != "" and operation not in operations:
        raise ControlError(400, f"operation is no documented operation; write one of {', '.join(operations)}.")


def check_key(name: object, namespace: Namespace) -> None:
    """Raise ControlError unless a key of the namespace has that name."""
    names = [key.name for key in namespace.keys if key.name]
    if name not in names:
        raise ControlError(400, f"key is the name of no key of this namespace; its keys are {', '.join(names) or 'without names'}.")


def _parameters(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in PARAMETERS:
            raise ControlError(400, f"There is no parameter {name[:100]!r}; the journal knows {', '.join(PARAMETERS)}.")
        if len(values) > 1:
            raise ControlError(400, f"The parameter {name} is there twice; name it once.")
        found[name] = values[0]
    return found
