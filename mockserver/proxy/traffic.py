"""What is wrong with a response, as far as the traffic so far shows it.

Others write to the same server, by other ways than the proxy: people in the vendor's own application, jobs, clients elsewhere.
So what a write acknowledged is expected only for a short while, and what people may change by hand not at all.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.checks import Wrong, is_judged_text, missing_on_page, moment, same_text
from mockserver.contract.document import KeyScheme
from mockserver.proxy.asked import Asked
from mockserver.proxy.exchange import Exchange

MEANWHILE = 30.0
"""For this many seconds after a write, it is assumed that nobody else has undone it by hand."""

_MANY = 10_000
_KEPT = ("number", "subject", "priority", "channel", "metadata", "created_at")

Space = tuple[str, str, str]
"""Requests with the same namespace, host and key see the same conversations."""


@dataclass
class _Known:
    """A conversation that was created: what the response had, when it came, and messages that were sent since."""

    shown: dict[str, Any]
    since: float
    sent: list[tuple[float, str, str]] = field(default_factory=list)


class Traffic:
    """What was acknowledged so far. It remembers the latest ten thousand conversations."""

    def __init__(self, schemes: Iterable[KeyScheme]) -> None:
        self._by_name = {scheme.header.lower(): scheme.name for scheme in schemes}
        self._schemes = {*self._by_name.values()}
        self._begin()

    def _begin(self) -> None:
        self._known: OrderedDict[tuple[Space, str], _Known] = OrderedDict()
        self._numbers: OrderedDict[tuple[Space, Any], str] = OrderedDict()
        self._off_by_one: set[Space] = set()
        self._writes: list[tuple[float, float]] = []
        self._accepted: set[tuple[Space, str, str]] = set()
        self._refused: OrderedDict[tuple[Space, str], str] = OrderedDict()

    def forget(self) -> None:
        """Begin anew: the server went away, and may have lost what it held in memory."""
        self._begin()

    def findings(self, exchange: Exchange, asked: Asked) -> Iterator[Wrong]:
        """Yield what contradicts the traffic so far, and remember the exchange."""
        operation = asked.operation
        if operation is None or asked.lacks_slash or not asked.is_plain or exchange.is_cut or not asked.key:
            return
        space = (exchange.header("x-accord-namespace") or "", exchange.header("host") or "", asked.key)
        value = _value(exchange)
        if asked.may_call:
            yield from self._by_other_header((space, exchange.header("origin") or ""), asked.scheme, exchange.status)
        if operation.method != "GET" and (exchange.status < 300 or exchange.status >= 500):
            self._writes = [*self._writes[-100:], (exchange.began, exchange.ended)]
        if operation.id == "createConversation" and exchange.status == 201 and isinstance(value, dict):
            yield from self._created(space, exchange, value)
        known = self._known.get((space, asked.id))
        if known is not None and exchange.began >= known.since and exchange.ended - known.since < MEANWHILE:
            yield from self._of_known(known, exchange, asked, value)
        if operation.id == "listConversations" and exchange.status == 200 and isinstance(value, dict):
            yield from self._listed(space, exchange, asked, value)

    def _by_other_header(self, who: tuple[Space, str], scheme: str, status: int) -> Iterator[Wrong]:
        """Yield if a key is refused in one header between two requests that accept it in the other: it was not revoked then."""
        if status == 401 and any((*who, other) in self._accepted for other in self._schemes - {scheme}):
            self._refused[who] = scheme
        elif status < 300:
            refused = self._refused.pop(who, scheme)
            self._accepted.add((*who, scheme))
            if refused != scheme:
                id = "auth.x-api-key" if refused == self._by_name["x-api-key"] else "auth.bearer"
                yield Wrong(id, "the key is refused in this header, and accepted in the other before and after")
        if len(self._accepted) > _MANY:
            self._accepted.clear()

    def _created(self, space: Space, exchange: Exchange, value: dict[str, Any]) -> Iterator[Wrong]:
        id, number = value.get("id"), value.get("number")
        if not isinstance(id, str):
            return
        if (space, id) in self._known:
            yield Wrong("create.id-unique", f"the id {id[:80]} was given to another conversation before")
        other = self._numbers.get((space, number)) if isinstance(number, int | float) else None
        if other is not None and other != id:
            yield Wrong("create.number-unique", f"the number {number} was given to another conversation before")
        self._known[space, id] = _Known(value, exchange.ended)
        self._numbers[space, number] = id
        while len(self._known) > _MANY:
            self._known.popitem(last=False)
        while len(self._numbers) > _MANY:
            self._numbers.popitem(last=False)

    def _of_known(self, known: _Known, exchange: Exchange, asked: Asked, value: Any) -> Iterator[Wrong]:
        assert asked.operation is not None
        operation = asked.operation.id
        is_usual = not exchange.query and not exchange.body
        if (exchange.status == 404 or (exchange.status in (400, 422) and is_usual)) and asked.may_call and asked.refusal is None:
            id = {
                "getConversation": "get.as-created",
                "listMessages": "messages.answer",
                "resolveConversation": "resolve.answer",
            }.get(operation)
            ago = f"{exchange.began - known.since:.1f} s"
            # A message may be refused because of its sender, with any status.
            if id is not None:
                yield Wrong(id, f"the status is {exchange.status}; the conversation was created {ago} before, with this key")
        if exchange.status >= 300 or not isinstance(value, dict):
            return
        if operation in ("getConversation", "resolveConversation"):
            id = "get.as-created" if operation == "getConversation" else "resolve.rest-kept"
            for name in _changed(known.shown, value):
                yield Wrong(id, f"{name} is not what it was when the conversation was created")
        elif operation == "listMessages":
            yield from _unlisted(known, exchange, value)

    def sent(self, exchange: Exchange, asked: Asked) -> None:
        """Remember a message that was acknowledged."""
        space = (exchange.header("x-accord-namespace") or "", exchange.header("host") or "", asked.key)
        known = self._known.get((space, asked.id))
        body = asked.value if isinstance(asked.value, dict) else {}
        text, sender = body.get("body"), body.get("user_email")
        if (
            known is not None
            and isinstance(text, str)
            and isinstance(sender, str)
            and is_judged_text(text)
            and len(known.sent) < 100
        ):
            known.sent.append((exchange.ended, text, sender))

    def _listed(self, space: Space, exchange: Exchange, asked: Asked, value: dict[str, Any]) -> Iterator[Wrong]:
        if not isinstance(value.get("count"), int | float) or not isinstance(value.get("results"), list) or asked.query is None:
            return
        for one in value["results"]:
            known = self._known.get((space, str(one.get("id")))) if isinstance(one, dict) else None
            if known is None or exchange.began < known.since or exchange.ended - known.since >= MEANWHILE:
                continue
            for name in _changed(known.shown, one):
                yield Wrong("list.items-as-get", f"{name} is not what it was when the conversation was created")
        missing = missing_on_page(asked.operation, asked.query, value) if asked.operation else None
        if not missing or any(began <= exchange.ended and ended >= exchange.began for began, ended in self._writes):
            return
        # One such difference is tolerated: a write past the proxy may have come between the count and the page.
        if abs(missing) > 1 or space in self._off_by_one:
            found = len(value["results"])
            yield Wrong("list.count", f"the count is {value['count']:g}, which is not so with {found} conversations on this page")
        self._off_by_one.add(space)


def _value(exchange: Exchange) -> Any:
    try:
        return exchange.response_json if exchange.content else None
    except ValueError:
        return None


def _changed(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield the members that changed since the create, compared with its response, which may itself differ from the request."""
    for name in _KEPT:
        if name in before and name in now and before[name] != now[name]:
            first, second = moment(before[name]), moment(now[name])
            if first is None or first != second:
                yield name


def _unlisted(known: _Known, exchange: Exchange, page: dict[str, Any]) -> Iterator[Wrong]:
    results = page.get("results")
    if not isinstance(results, list) or page.get("next") or page.get("count") != len(results) or exchange.query:
        return
    for at, text, sender in known.sent:
        if at > exchange.began or exchange.ended - at >= MEANWHILE:
            continue
        listed = [one for one in results if isinstance(one, dict) and same_text(text, one.get("body"))]
        if not listed:
            yield Wrong("messages.listed-once", f"a message that was sent {exchange.began - at:.1f} s before is not listed")
            return
        if not any(str(one.get("sender_email")).strip().lower() == sender.strip().lower() for one in listed):
            yield Wrong("messages.sender", "the sender of a message is not the one who sent it")
            return
