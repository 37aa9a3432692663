"""What is wrong with a value of a response, by the contract document and by what was sent: pure functions, of sentences or None."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from mockserver.contract.document import Contract, Operation

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_EXACT = 2**53 - 1
_GUARDED = frozenset({"__proto__", "constructor", "prototype"})
_OTHERS_VALUES = ("enum", "const", "maxLength", "minLength", "pattern", "maximum", "minimum")
_LONGEST_SHOWN = 80


class Wrong(NamedTuple):
    """A requirement that a response violates, and a sentence that says how."""

    requirement: str
    sentence: str


def moment(value: object) -> datetime | None:
    """Return the time of an RFC 3339 timestamp with an offset, where a space may replace the T; None for anything else."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    whole, fraction, offset = re.fullmatch(r"(.{19})(\.\d+)?(.+)", value).groups()  # type: ignore[union-attr]
    try:
        return datetime.fromisoformat(f"{whole}{(fraction or '.0')[:7]}{offset.upper()}")
    except ValueError:
        # A leap second, or a day that the calendar does not have, is left alone.
        return None


def is_judged_text(text: str) -> bool:
    """Return whether a server must return the text unchanged: short, and without characters that it may refuse or change."""
    return len(text) <= 10_000 and all(unicodedata.category(one) not in ("Cc", "Cs", "Cn", "Co") for one in text)


def is_judged_json(value: Any) -> bool:
    """Return whether a server must return the value unchanged: no numbers, names, sizes or texts that it may refuse or change."""
    if isinstance(value, dict):
        return all(name not in _GUARDED and is_judged_text(name) and is_judged_json(member) for name, member in value.items())
    if isinstance(value, list):
        return all(map(is_judged_json, value))
    if isinstance(value, str):
        return is_judged_text(value)
    if isinstance(value, bool) or value is None:
        return True
    return math.isfinite(value) and abs(value) <= _EXACT


def same_json(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON: numbers as numbers, and true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def same_text(sent: str, shown: object) -> bool:
    """Whether a text is the one that was sent, but for white space around it."""
    return isinstance(shown, str) and _trimmed(shown) == _trimmed(sent)


def _trimmed(text: str) -> str:
    before = ""
    while before != text:
        before, text = text, text.strip().strip("\ufeff\u200b\u2060")
    return text


def shape_mismatches(operation: Operation, status: int, value: Any, *, own: bool) -> Iterator[str]:
    """Yield where the body of a response is not as documented for that status.

    Unless it is the client's `own`, a conversation was perhaps not created by this API: its values are not checked then, only
    whether they are there and have the right type.
    """
    response = operation.responses.get(str(status))
    if response is None or response.schema is None:
        return
    for violation in response.schema.violations(value):
        if violation.path == ("status",) and violation.keyword in ("enum", "const") and operation.final_status is not None:
            # A wrong final status is a finding of its own (`create.opens`, `resolve.closes`).
            continue
        if not own and violation.keyword in _OTHERS_VALUES and violation.field != "count":
            continue
        if violation.path and violation.path[-1] == "subject" and not own:
            continue
        if violation.keyword == "format" and moment(_at(value, violation.path)) is not None:
            continue
        # These keywords do not tell which of the alternatives was meant.
        if violation.keyword in ("anyOf", "oneOf", "not", "if", "then") and not own:
            continue
        yield f"{violation.place}: {violation.message}"


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def creation_mismatches(contract: Contract, sent: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield where the response to a create differs from what was sent or, for members not sent, from what is documented."""
    body = contract.operation("createConversation").body
    assert body is not None
    for name in ("priority", "channel"):
        if name in sent:
            if sent[name] in body.members.get(name, {}).get("enum", ()) and shown.get(name) != sent[name]:
                yield Wrong(f"create.{name}-kept", f"{name} is {_short(shown.get(name))} where {_short(sent[name])} was sent")
        elif body.default(name) is not None and shown.get(name) != body.default(name):
            yield Wrong(f"create.{name}-default", f"{name} is {_short(shown.get(name))} and not {_short(body.default(name))}")
    metadata = sent.get("metadata", {})
    if isinstance(metadata, dict) and is_modest(metadata) and not same_json(metadata, shown.get("metadata")):
        id = "create.metadata-kept" if "metadata" in sent else "create.metadata-default"
        yield Wrong(id, f"metadata is {_short(shown.get('metadata'))} where {_short(metadata)} was sent")
    subject = sent.get("subject")
    if isinstance(subject, str) and is_judged_text(subject) and not same_text(subject, shown.get("subject")):
        yield Wrong("create.text-exact", f"subject is {_short(shown.get('subject'))} where {_short(subject)} was sent")
    email, requester = sent.get("user_email"), shown.get("requester")
    if isinstance(email, str) and _is_plain_address(email):
        actual = requester.get("email") if isinstance(requester, dict) else None
        if not isinstance(actual, str) or actual.strip().lower() != email.strip().lower():
            yield Wrong("create.requester-email", f"requester.email is {_short(actual)} where {_short(email)} was sent")
    first, last = moment(shown.get("created_at")), moment(shown.get("updated_at"))
    if first is not None and last is not None and first > last:
        yield Wrong("create.timestamps", "created_at is after updated_at")


def undocumented_values(contract: Contract, shown: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield the values of a newly created conversation that are not among the documented ones."""
    body = contract.operation("createConversation").body
    assert body is not None
    for name, member in body.members.items():
        if "enum" in member and name in shown and shown[name] not in member["enum"]:
            yield Wrong("create.undocumented-values", f"{name} is {_short(shown[name])}, which is not documented")


def spaced_time(value: Mapping[str, Any]) -> bool:
    """Whether a time of a conversation has a space in place of the T."""
    return any(isinstance(value.get(name), str) and value[name][10:11] == " " for name in ("created_at", "updated_at"))


def list_mismatches(operation: Operation, query: Mapping[str, str], page: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield where a page of conversations is not what was asked for, as far as the page alone shows it."""
    results = [one for one in page["results"] if isinstance(one, dict)]
    limit = operation.parameter("limit")
    maximum = limit.maximum if limit else None
    asked = _whole(query.get("limit"))
    if limit is not None and maximum is not None:
        if len(results) > maximum:
            yield Wrong("list.maximum", f"the page holds {len(results)} conversations")
        elif "limit" not in query and len(results) > limit.default:
            yield Wrong("list.default-page", f"without a limit the page holds {len(results)} conversations")
        elif asked is not None and 0 < asked <= maximum and len(results) > asked:
            yield Wrong("list.limit", f"the page holds {len(results)} conversations where limit is {asked}")
    ids = [one.get("id") for one in results]
    if len({*map(str, ids)}) < len(ids):
        yield Wrong("list.partition", "the page holds a conversation twice")
    status, email = operation.parameter("status"), query.get("user_email")
    wanted = query.get("status")
    if status is not None and wanted is not None and not status.schema.violations(wanted):
        strange = next((one for one in results if one.get("status") != wanted), None)
        if strange is not None:
            yield Wrong("list.status-filter", f"status={wanted} lists one whose status is {_short(strange.get('status'))}")
    if email is not None and _is_plain_address(email):
        for one in results:
            requester = one.get("requester")
            actual = requester.get("email") if isinstance(requester, dict) else None
            if not isinstance(actual, str) or actual.strip().lower() != email.strip().lower():
                yield Wrong("list.email-filter", f"user_email={_short(email)} lists one whose requester is {_short(actual)}")
                break


def missing_on_page(operation: Operation, query: Mapping[str, str], page: Mapping[str, Any]) -> int | None:
    """Return how many conversations are missing from a page, by its own count, limit and offset; negative if it has too many.

    Return None if that cannot be known. If others write meanwhile, a page and its count may be of different times.
    """
    limit = operation.parameter("limit")
    asked = _whole(query.get("limit")) if "limit" in query else (limit.default if limit else None)
    offset = _whole(query.get("offset", "0"))
    if limit is None or limit.maximum is None or asked is None or not 0 < asked <= limit.maximum or offset is None:
        return None
    return int(max(0, min(asked, page["count"] - offset)) - len(page["results"]))


def messages_mismatches(page: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield where a list of messages contradicts itself."""
    results = [one for one in page["results"] if isinstance(one, dict)]
    if page["count"] < len(results):
        yield Wrong("messages.count", f"the count is {page['count']:g} and there are {len(results)} messages")
    ids = [str(one.get("id")) for one in results]
    if len({*ids}) < len(ids):
        yield Wrong("messages.id-unique", "two messages have the same id")
    times = [moment(one.get("created_at")) for one in results]
    if any(one is not None and next is not None and one > next for one, next in pairwise(times)):
        yield Wrong("messages.oldest-first", "an older message comes after a newer one")


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 10 else None


def is_modest(metadata: Mapping[str, Any]) -> bool:
    """Whether a server must take metadata and return it as it is."""
    try:
        text = json.dumps(metadata)
    except RecursionError:
        return False
    # Each array or object has one opening bracket, so this limits their number, and with it how deep they are nested.
    return len(text) <= 16_000 and text.count("{") + text.count("[") <= 20 and is_judged_json(metadata)


def _is_plain_address(text: str) -> bool:
    return re.fullmatch(r"\s*[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\s*", text) is not None and text.isascii()


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
