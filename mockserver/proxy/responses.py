"""What is wrong with a response, as far as the exchange alone shows it. What is left open is not judged."""

from collections.abc import Iterator
from typing import Any

from mockserver.contract.checks import (
    Wrong,
    creation_mismatches,
    is_judged_text,
    is_modest,
    list_mismatches,
    messages_mismatches,
    shape_mismatches,
    spaced_time,
    undocumented_values,
)
from mockserver.contract.document import Contract, Operation
from mockserver.model.refusal import Kind
from mockserver.proxy.asked import Asked
from mockserver.proxy.exchange import Exchange

LARGEST_JUDGED = 1024 * 1024
"""Bytes of a request's body to which a server must respond without a 5xx."""

_ANSWERS = {
    "createConversation": "create.answer",
    "listConversations": "list.answer",
    "getConversation": "get.answer",
    "listMessages": "messages.answer",
    "resolveConversation": "resolve.answer",
}
_KNOWN = frozenset({*_ANSWERS, "createMessage"})
_REFUSALS_OF_THE_API = (400, 401, 403, 404, 409, 422)
_KEYS = {
    Kind.MISSING_KEY: "auth.missing-key",
    Kind.EMPTY_KEY: "auth.empty-key",
    Kind.MALFORMED_AUTHORIZATION: "auth.malformed-authorization",
    Kind.OTHER_SCHEME: "auth.other-scheme",
}
_MUST_REFUSE = {
    "createConversation": {
        "create.subject-required",
        "create.required-members",
        "create.subject-too-long",
        "create.malformed-json",
        "create.not-an-object",
    },
    "createMessage": {"messages.body-required", "messages.user-email-required", "messages.malformed-json"},
}


def response_findings(contract: Contract, exchange: Exchange, asked: Asked) -> Iterator[Wrong]:
    """Yield what is wrong with the response to a request for a documented operation."""
    operation, status = asked.operation, exchange.status
    # The catalogue says nothing about operations that a document adds.
    if operation is None or operation.id not in _KNOWN or asked.lacks_slash or not asked.is_plain or exchange.is_cut:
        return
    if status == 500:
        yield from _server_error(exchange, asked)
    if status >= 500 or 300 <= status < 400 or status == 429:
        return
    if 200 <= status < 300:
        yield from _accepted(exchange, asked, operation)
    elif asked.key_problem is not None:
        yield from _refused_otherwise(exchange, asked, operation)
    elif status in (400, 422) and _must_be_accepted(exchange, asked, operation):
        id = "create.status" if operation.id == "createConversation" else _ANSWERS[operation.id]
        yield Wrong(id, f"a request as documented gets the status {status}")
    value, wrong = _json(exchange, asked)
    if wrong is not None:
        yield wrong
    elif status == 401 and value is not None and _is_about_key(exchange, asked):
        if not (isinstance(value[0], dict) and isinstance(value[0].get("detail"), str)):
            yield Wrong("auth.refusal-body", "the 401 is not an object with a text, detail")
    elif 200 <= status < 300 and value is not None:
        yield from _of_success(contract, exchange, asked, operation, value[0])


def _server_error(exchange: Exchange, asked: Asked) -> Iterator[Wrong]:
    if asked.is_pathological:
        yield Wrong("any.pathological-input", "the status is 500")
    elif exchange.body is None or len(exchange.body) <= LARGEST_JUDGED:
        yield Wrong("any.no-server-error", "the status is 500")


def _accepted(exchange: Exchange, asked: Asked, operation: Operation) -> Iterator[Wrong]:
    """Yield what is wrong with a success: the request had to be refused, or the success has the wrong status."""
    # A client with a cookie may be signed in by it, and then needs no key.
    if asked.key_problem is not None and exchange.header("cookie") is None:
        yield Wrong(_KEYS[asked.key_problem], f"the status is {exchange.status} and not 401")
    if asked.key and not asked.may_call:
        yield Wrong("tier.refused", f"a {asked.tier} key gets the status {exchange.status}")
    if _must_be_refused(exchange, asked, operation):
        yield Wrong(asked.decision, f"the status is {exchange.status} and not a 4xx")
        return
    if exchange.status not in operation.successes:
        expected = " or ".join(map(str, operation.successes))
        id = {"createConversation": "create.status", "createMessage": "messages.accepted-status"}.get(operation.id)
        yield Wrong(id or _ANSWERS[operation.id], f"the status is {exchange.status} and not {expected}")


def _must_be_refused(exchange: Exchange, asked: Asked, operation: Operation) -> bool:
    if asked.refusal is None or asked.is_pathological or asked.decision not in _MUST_REFUSE.get(operation.id, ()):
        return False
    media = (exchange.header("content-type") or "").partition(";")
    if media[0].strip().lower() != "application/json" or "utf-8" not in (media[2] or "utf-8").lower():
        return False
    if exchange.header("content-encoding") is not None or (exchange.body or b"").startswith(b"\xef\xbb\xbf"):
        return False
    if asked.decision == "create.subject-too-long":
        # A server may trim before it measures, and characters beyond the basic plane may count as two.
        subject = asked.value["subject"]
        limit = operation.body.members["subject"]["maxLength"] if operation.body else 0
        return len(subject.strip()) > limit and all(ord(one) < 0x10000 for one in subject)
    return not asked.decision.endswith("malformed-json") or asked.value is None or not isinstance(asked.value, dict)


def _refused_otherwise(exchange: Exchange, asked: Asked, operation: Operation) -> Iterator[Wrong]:
    """Yield a violation if a request that only lacks a key is refused with another status than 401."""
    if operation.id in ("createConversation", "listConversations") and asked.refusal is None and not asked.is_pathological:
        body = operation.body
        is_usual = body is None or (isinstance(asked.value, dict) and asked.value.keys() <= body.members.keys())
        if is_usual and exchange.status in (400, 403, 404, 409, 422):
            assert asked.key_problem is not None
            yield Wrong(_KEYS[asked.key_problem], f"the status is {exchange.status} and not 401")


def _must_be_accepted(exchange: Exchange, asked: Asked, operation: Operation) -> bool:
    """Return whether no server may refuse the request as invalid, whichever users it knows and addresses it accepts."""
    if asked.refusal is not None or exchange.header("content-encoding") is not None:
        return False
    if operation.id == "listConversations":
        names = {parameter.name for parameter in operation.query}
        query = asked.query or {}
        return "%" not in exchange.query.replace("%40", "") and query.keys() <= names and "" not in query.values()
    if operation.id != "createConversation" or operation.body is None or not isinstance(asked.value, dict):
        return False
    sent, members = asked.value, operation.body.members
    texts = [value for name, value in sent.items() if name != "metadata"]
    return (
        (exchange.header("content-type") or "").lower() == "application/json"
        and sent.keys() <= members.keys() - {"user_email"}
        and all(isinstance(text, str) and text.strip() and is_judged_text(text) for text in texts)
        and all(len(str(sent.get(name, ""))) <= 100 for name in ("user_first_name", "user_last_name"))
        and isinstance(sent.get("metadata", {}), dict)
        and is_modest(sent.get("metadata", {}))
    )


def _is_about_key(exchange: Exchange, asked: Asked) -> bool:
    """Whether a 401 can only be about the key: not about a tier, an origin or an app, which may be refused in other words."""
    return asked.may_call if asked.key and asked.tier != "client" else asked.key_problem is not None


def _json(exchange: Exchange, asked: Asked) -> tuple[tuple[Any] | None, Wrong | None]:
    """Return the JSON value of the response, in a tuple, and what is wrong with it as JSON; None for both if not judged."""
    content, operation = exchange.content, asked.operation
    assert operation is not None
    is_success = exchange.status < 300
    if content is None or not (is_success or exchange.status in _REFUSALS_OF_THE_API):
        return None, None
    media = (exchange.response_header("content-type") or "").partition(";")
    name = media[0].strip().lower()
    if not content:
        return None, Wrong(_ANSWERS[operation.id], "there is no body") if is_success and operation.id in _ANSWERS else None
    if not _wants_json(exchange) or (not is_success and _body_is_unusual(exchange, asked)):
        return None, None
    if name not in ("application/json", "text/json") and not name.endswith("+json"):
        return None, Wrong("any.json", f"the response does not say that it is JSON but {name or 'nothing'}")
    if "charset" in media[2].lower() and "utf-8" not in media[2].lower() and "ascii" not in media[2].lower():
        return None, None
    try:
        value = exchange.response_json
    except ValueError:
        return None, Wrong("any.json", "the response says that it is JSON, and is not")
    return (value,), Wrong("any.media-type", "the media type is text/json") if name == "text/json" else None


def _wants_json(exchange: Exchange) -> bool:
    accept = (exchange.header("accept") or "*/*").lower()
    return "json" in accept or (("*/*" in accept or "application/*" in accept) and "html" not in accept)


def _body_is_unusual(exchange: Exchange, asked: Asked) -> bool:
    """Return whether the refusal of a body need not be JSON: the body cannot be parsed, is not called JSON, or is too long."""
    assert asked.operation is not None
    if exchange.header("content-encoding") is not None or exchange.body is None or len(exchange.body) > 64 * 1024:
        return True
    if not exchange.body and asked.operation.body is None:
        return False
    media = (exchange.header("content-type") or "").lower().replace(" ", "")
    is_json = media in ("application/json", "application/json;charset=utf-8")
    return not is_json or asked.is_pathological or not isinstance(asked.value, dict)


def _of_success(contract: Contract, exchange: Exchange, asked: Asked, operation: Operation, value: Any) -> Iterator[Wrong]:
    """What is wrong with the body of a success, by its shape, by itself, and by what was sent."""
    if operation.id not in _ANSWERS:
        return
    own = operation.id == "createConversation"
    status = exchange.status if exchange.status in operation.successes else operation.successes[0]
    mismatch = next(shape_mismatches(operation, status, value, own=own and asked.refusal is None), None)
    if mismatch is not None:
        yield Wrong(_ANSWERS[operation.id], mismatch)
        return
    if spaced_time(value):
        yield Wrong("any.timestamp-separator", "the day and the time of a timestamp are not separated by a T")
    if own:
        yield from undocumented_values(contract, value)
    if operation.final_status is not None and value.get("status") != operation.final_status:
        id = "create.opens" if own else "resolve.closes"
        yield Wrong(id, f"the status is {str(value.get('status'))[:40]} and not {operation.final_status}")
    if own and asked.refusal is None and isinstance(asked.value, dict) and not asked.is_pathological:
        yield from creation_mismatches(contract, asked.value, value)
    elif operation.id == "listConversations" and asked.query is not None:
        yield from list_mismatches(operation, asked.query, value)
    elif operation.id == "listMessages":
        yield from messages_mismatches(value)
