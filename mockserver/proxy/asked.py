"""What a request asks for, and what is wrong with it by itself: what the mock refuses."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from mockserver.contract.choices import choose
from mockserver.contract.document import Contract, Operation
from mockserver.handling.authentication import Authenticator
from mockserver.handling.decisions import decided_by
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, environ_name
from mockserver.json_depth import depth
from mockserver.keys.model import PREFIXES, KeyRing
from mockserver.model.refusal import Kind, Refusal
from mockserver.proxy.exchange import Exchange

PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""Ids that need no escaping in a URL. How servers treat other ids is left open."""

_STRICT = {
    "limit_over_maximum": "reject",
    "invalid_paging": "refuse",
    "unknown_status_filter": "refuse",
    "empty_subject": "refuse",
    "malformed_email": "refuse",
    "nul_character": "refuse",
    "number_for_text": "refuse",
    "unknown_body_fields": "ignore",
    "missing_trailing_slash": "serve",
}
_LONGEST_HEAD = 8 * 1024
_DEEPEST = 100
_LONG_NUMBER = re.compile(rb"\d{19}|\d[eE]\+?\d{3}|NaN|Infinity")
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
_SPECIAL = (*_OVERRIDES, "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "expect")


@dataclass
class Asked:
    """What a request asks for.

    operation: the documented one, or None. id: that of a conversation, or empty. key: what was sent as a key. scheme: how.
    key_problem: why there is no key to look up. refusal: what else is wrong. value: the JSON value of the body, of any type, or
    None. query: its parameters, of repeated ones the last.
    """

    operation: Operation | None
    id: str = ""
    key: str = ""
    scheme: str = ""
    key_problem: Kind | None = None
    refusal: Refusal | None = None
    value: Any = None
    query: Mapping[str, str] | None = None
    lacks_slash: bool = False
    is_pathological: bool = False
    is_plain: bool = True
    """Whether the request is sent in the usual way, with nothing in head, path or method that servers may treat differently."""

    @property
    def tier(self) -> str:
        """The tier of the key by how it begins (authentication page); empty if it begins otherwise."""
        return next((tier for tier, prefix in PREFIXES.items() if self.key.startswith(prefix)), "")

    @property
    def may_call(self) -> bool:
        """Whether keys of this tier may call the operation by this scheme. True as well for a key of unknown tier."""
        assert self.operation is not None
        return not self.tier or self.tier in self.operation.tiers.get(self.scheme, frozenset())

    @property
    def refused(self) -> Kind | None:
        """Why the mock would refuse the request for what it is, whatever its state; None if it would not."""
        if self.key_problem is not None:
            return self.key_problem
        if not self.may_call:
            return Kind.FORBIDDEN_TIER
        return self.refusal.kind if self.refusal is not None else None

    @property
    def decision(self) -> str:
        """The id of the requirement that the refused request violates, or of the choice that leaves it open."""
        assert self.refusal is not None
        assert self.operation is not None
        return decided_by(self.refusal, self.operation.id) or ""


class Reader:
    """Reads what requests ask for, by a contract document."""

    def __init__(self, contract: Contract) -> None:
        choices = choose(_STRICT)
        self._validator = Validator(contract, choices)
        self._authenticator = Authenticator(contract.schemes, KeyRing([]), choices)
        self._headers = {scheme.header.lower() for scheme in contract.schemes}
        self._operations = [(_pattern(operation.path), operation) for operation in contract]

    def read(self, exchange: Exchange) -> Asked:
        """Return what the request asks for."""
        found = self._match(exchange)
        if found is None:
            return Asked(None)
        operation, id, lacks_slash = found
        request = _request(exchange)
        asked = Asked(operation, id, lacks_slash=lacks_slash, query=dict(parse_qsl(exchange.query, keep_blank_values=True)))
        try:
            asked.key, asked.scheme = self._authenticator.presented(request)
        except Refusal as refusal:
            asked.key_problem = refusal.kind
        if operation.body is None or exchange.body is not None:
            try:
                self._validator.read(request, operation)
            except Refusal as refusal:
                asked.refusal = refusal
        if operation.body and exchange.body is not None:
            asked.value = _value(exchange.body)
        asked.is_pathological = _is_pathological(exchange)
        asked.is_plain = self._is_plain(exchange, id)
        return asked

    def _match(self, exchange: Exchange) -> tuple[Operation, str, bool] | None:
        for pattern, operation in self._operations:
            found = pattern.fullmatch(exchange.path)
            if found and operation.method == exchange.method:
                id = unquote(found.groupdict().get("id") or "")
                return operation, id, operation.path.endswith("/") and not exchange.path.endswith("/")
        return None

    def is_documented_path(self, path: str) -> bool:
        """Whether some operation has that path."""
        return any(pattern.fullmatch(path) for pattern, _ in self._operations)

    def _is_plain(self, exchange: Exchange, id: str) -> bool:
        names = [name.lower() for name, _ in exchange.headers]
        # Which of several parameters of one name counts is left open.
        parameters = [part.partition("=")[0] for part in exchange.query.split("&")]
        sent_twice = len({*parameters}) < len(parameters) or sum(name in self._headers for name in names) > 1
        length = len(exchange.target) + sum(len(name) + len(value) for name, value in exchange.headers)
        return (
            (not id or PLAIN_ID.fullmatch(id) is not None)
            and "%" not in exchange.path
            and length <= _LONGEST_HEAD
            and not sent_twice
            and not any(name in _SPECIAL or "_" in name for name in names)
            and all(value.isascii() and value.isprintable() for _, value in exchange.headers)
        )


def environ_of(exchange: Exchange) -> dict[str, Any]:
    """Return the environ of WSGI that a request would have, without its body."""
    environ: dict[str, Any] = {"REQUEST_METHOD": exchange.method, "PATH_INFO": exchange.path, "QUERY_STRING": exchange.query}
    for name, value in exchange.headers:
        if "_" not in name:
            known = environ_name(name)
            environ["CONTENT_TYPE" if name.lower() == "content-type" else known] = value
    return environ


def _request(exchange: Exchange) -> Request:
    request = Request(environ_of(exchange), {})
    request.data = exchange.body or b""
    return request


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    text = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    # `create` is a path segment of its own, never an id.
    return re.compile(text.replace("(?P<id>[^/]+)", "(?P<id>(?!create/?$)[^/]+)").removesuffix("/") + "/?")


def _value(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _is_pathological(exchange: Exchange) -> bool:
    body = exchange.body or b""
    if len(exchange.target) > _LONGEST_HEAD or _LONG_NUMBER.search(body) or _HALF_PAIR.search(body):
        return True
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    value = _value(body)
    return value is None or depth(value) > _DEEPEST
