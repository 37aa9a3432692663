"""What the tests of webhooks do to the server once, so that all of them wait for the same events."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE, RESOLVE_CONVERSATION
from contract_tests.judging.check_log import Blocked
from contract_tests.model.ledger import Record
from contract_tests.transport.credentials import Credential, unknown_keys
from contract_tests.transport.exchange import Exchange
from contract_tests.webhook_receiver.arrivals import Arrival, Key
from contract_tests.webhook_receiver.behaviour import Kind, token
from contract_tests.webhook_receiver.inbox import Inbox

CREATED, RESOLVED = "conversation.created", "conversation.resolved"
MESSAGE, CALLBACK = "message.created", "callback.requested"


class Effect(NamedTuple):
    """Something that was done and that an event has to tell of: `exchange` did it to `record`."""

    key: Key
    record: Record
    exchange: Exchange

    @property
    def event(self) -> str:
        """The name of the event."""
        return self.key[0]


class Unheard(NamedTuple):
    """Something of which no event may tell. `mark` is a text that no other conversation has, or the id of one."""

    mark: str
    exchange: Exchange
    event: str = ""


@dataclass
class Acts:
    """What was done, and what came. `until` is the moment, in seconds since 1970, up to which events are awaited."""

    desk: Helpdesk
    inbox: Inbox
    wait: float
    until: float = 0.0
    plain: list[Effect] = field(default_factory=list)
    failing: dict[Kind, list[Effect]] = field(default_factory=dict)

    def do(self) -> "Acts":
        """Do it. Raises Blocked if the server refuses what it must not."""
        client = self.desk.target.keys.client
        self.plain += self._told()
        self.plain += self._told(credential=client)
        self.plain += self._told(channel="email", metadata=None, subject=f"Ünïcode ✓ {self.desk.subject()}")
        for kind in Kind:
            subject = f"{token(kind)} {self.desk.subject()}"
            self.failing[kind] = self._told(subject=subject)
            if kind is Kind.NEVER:
                self.failing[kind] += self._told(subject=f"{token(kind)} {self.desk.subject()}")
        self.until = time.time() + self.wait
        return self

    def _told(self, *, credential: Credential | None = None, **members: Any) -> list[Effect]:
        """Create a conversation, send a message to it and resolve it: what events have to tell of."""
        desk = self.desk
        callback = {"channel": "callback", "metadata": {"phone": "+49 30 1234567", "preferred_time": "9:30", "zip": None}}
        payload = desk.payload(**{**callback, **members})
        exchange = desk.call(CREATE_CONVERSATION, body=payload, credential=credential)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be created ({exchange.status}).")
        record = desk.record_created(payload, exchange)
        effects = [Effect((CREATED, record.id, ""), record, exchange)]
        if payload.get("channel") == "callback":
            effects.append(Effect((CALLBACK, record.id, ""), record, exchange))
        body = desk.body()
        sending = desk.send(record, body, credential=credential)
        items, _ = desk.read_messages(record.id)
        effects += [
            Effect((MESSAGE, record.id, str(items[at].get("id"))), record, sending) for at in desk.listed_at(body, items)[:1]
        ]
        resolving = desk.call(RESOLVE_CONVERSATION, id=record.id)
        if not resolving.succeeded:
            raise Blocked(f"A conversation could not be resolved ({resolving.status}).")
        record.note_resolved()
        return [*effects, Effect((RESOLVED, record.id, ""), record, resolving)]

    @property
    def own(self) -> dict[str, tuple[Record, Exchange]]:
        """The conversations by id, each with what created it."""
        every = [*self.plain, *(effect for effects in self.failing.values() for effect in effects)]
        return {effect.record.id: (effect.record, effect.exchange) for effect in every if effect.event == CREATED}

    def about(self, record: Record) -> list[Arrival]:
        """Return the events about a conversation: those that name its id, or that contain its unique subject."""
        subject = record.shown.get("subject")
        return [
            one
            for one in self.inbox.arrivals
            if one.key[1] == record.id or (isinstance(subject, str) and subject.isascii() and subject in one.text)
        ]

    def await_all(self, effects: Sequence[Effect], times: int = 1) -> bool:
        """Wait until each came so many times; False if they did not in time."""
        return self.inbox.wait(self.until, lambda: all(len(self.inbox.of(one.key)) >= times for one in effects))

    @property
    def slowest(self) -> float:
        """When the slowest of the events that must come at once came for the first time, in seconds since 1970."""
        return max((self.inbox.of(effect.key)[0].at for effect in self.plain if self.inbox.of(effect.key)), default=0.0)

    @property
    def silent(self) -> str:
        """Why nothing can be told of events: none came at all. Empty if some did."""
        self.inbox.refresh()
        if any(self.about(record) for record, _ in self.own.values()):
            return ""
        return f"No event came within {self.wait:g} s. Point the server's webhook at --webhook-listen, or wait longer."


def refused(desk: Helpdesk, open_record: Record) -> list[Unheard]:
    """Send what must be refused, and return what no event may report; without what the server accepted."""
    bad, client = unknown_keys(desk.target.keys.server)[0], desk.target.keys.client
    known, long = desk.payload(), desk.payload(subject="x" * (desk.contract.subject_maximum + 1))
    message = {"body": desk.body(), "user_email": open_record.email or desk.email()}
    found = [
        Unheard(known["user_email"], desk.call(CREATE_CONVERSATION, body=known, forgery=bad)),
        Unheard(long["user_email"], desk.call(CREATE_CONVERSATION, body=long)),
        Unheard(open_record.id, desk.call(CREATE_MESSAGE, id=open_record.id, body=message, forgery=bad), MESSAGE),
        Unheard(open_record.id, desk.call(RESOLVE_CONVERSATION, id=open_record.id, forgery=bad), RESOLVED),
    ]
    if client is not None:
        found.append(Unheard(open_record.id, desk.call(RESOLVE_CONVERSATION, id=open_record.id, credential=client), RESOLVED))
    return [one for one in found if one.exchange.refused]


def done_elsewhere(desk: Helpdesk, key: Credential) -> Unheard:
    """Do everything once in the other organisation, and return what is not to be heard of it."""
    payload = desk.payload()
    exchange = desk.call(CREATE_CONVERSATION, body=payload, credential=key)
    if not exchange.succeeded:
        raise Blocked(f"The other organisation could not create a conversation ({exchange.status}).")
    created = str(exchange.members.get("id"))
    message = {"body": desk.body(), "user_email": payload["user_email"]}
    desk.call(CREATE_MESSAGE, id=created, body=message, credential=key)
    desk.call(RESOLVE_CONVERSATION, id=created, credential=key)
    return Unheard(payload["subject"], exchange)
