"""Mismatches of what a server sends by itself: payload, signature, headers."""

import hmac
import re

from contract_tests.contract.document import Contract
from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Record
from contract_tests.webhook_receiver.arrivals import Arrival

SIGNATURE, EVENT = "X-Bancroft-Signature", "X-Bancroft-Event"

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_SAME = ("number", "channel", "metadata")
"""Members that stay as they were when the conversation was created."""


def signature_mismatch(arrival: Arrival, secret: str) -> Mismatch | None:
    """Return why a request is not signed: hex HMAC-SHA256 of the bytes that came, under the secret."""
    sent = arrival.header(SIGNATURE)
    if sent is None:
        return Mismatch(f"an event came without {SIGNATURE}", "a signature", "none")
    if not _HEX.fullmatch(sent.strip()):
        return Mismatch(f"the {SIGNATURE} of an event is no HMAC-SHA256 in hexadecimal", "64 hexadecimal digits", shown(sent))
    right = hmac.new(secret.encode(), arrival.body, "sha256").hexdigest()
    if hmac.compare_digest(right, sent.strip().lower()):
        return None
    told = f"the {SIGNATURE} of {arrival.key[0] or 'an event'} is not that of the {len(arrival.body)} bytes that came"
    return Mismatch(told, "the HMAC-SHA256 of the raw body under the webhook's secret", sent)


def event_header_mismatch(arrival: Arrival) -> Mismatch | None:
    """Return why the event's header is not the event that the body names."""
    sent, named = arrival.header(EVENT), arrival.members.get("event")
    if sent is not None and sent.strip() == named:
        return None
    return Mismatch(f"{EVENT} is not the event of the body", shown(named), "no such header" if sent is None else shown(sent))


def payload_mismatch(contract: Contract, arrival: Arrival, record: Record) -> Mismatch | None:
    """Return why a payload is not what is documented of its event, or not about the conversation as it was created."""
    if not arrival.members:
        return Mismatch("the payload of an event is no JSON object", "a JSON object", arrival.text[:300])
    if (arrival.header("Content-Type") or "").lower().partition(";")[0].strip() != "application/json":
        told = "an event does not come as application/json"
        return Mismatch(told, "Content-Type: application/json", shown(arrival.header("Content-Type")))
    event = arrival.members.get("event")
    if event not in contract.events:
        return Mismatch("a payload names no documented event", ", ".join(contract.events), shown(event))
    mismatch = contract.event_mismatch(str(event), arrival.members)
    if mismatch is not None:
        return Mismatch(f"payload of {event}: {mismatch.summary}", mismatch.expected, mismatch.actual)
    conversation = arrival.members["conversation"]
    for name in _SAME:
        wrong = json_mismatch(record.shown.get(name), conversation.get(name), name) if name not in record.unsure else None
        if wrong is not None:
            return Mismatch(f"payload of {event}: conversation.{wrong.summary}", wrong.expected, wrong.actual)
    return None
