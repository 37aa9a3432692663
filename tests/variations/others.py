"""Other people's conversations: many of them before those of the run, of any kind, and coming and going as they like."""

import random
from collections.abc import Callable
from typing import Any

from mockserver.app import MockApp, create_app
from mockserver.handling.conversations import Conversations
from mockserver.handling.serializer import Serializer
from mockserver.keys.model import StandardKeys
from mockserver.model.caller import Caller
from mockserver.model.records import Conversation
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed, Selection
from tests.variations.records import ordered_by
from tests.variations.registry import variation
from tests.variations.seams import Environ, before, every

_URGENCY = ("urgent", "high", "normal", "low")
_STATUSES = ("open", "pending", "resolved", "closed")
_DAY = 86_400_000_000


def crowded(app: MockApp, number: int = 500) -> WsgiApp:
    """Add `number` conversations of others, a day old, to the application, with every status and priority in turn."""
    pipeline = app.namespace.pipeline
    rules, store, organisation = pipeline.conversations, app.namespace.store, app.namespace.keys.organisations[0]
    people = [rules.new_user(organisation, f"customer{at}@example.org", None, None) for at in range(50)]
    with store.transaction():
        for at in range(number):
            created = rules.clock.now() - _DAY + at
            texts = (f"AAA, {at}", _STATUSES[at % 4], _URGENCY[at // 4 % 4], "web")
            first = rules.next_number(organisation)
            store.add_conversation(
                Conversation(rules.ids.new(), organisation, first, *texts, {}, people[at % 50], created, created)
            )
    return app


def _crowd_first(key: Callable[[Conversation], Any]) -> WsgiApp:
    return crowded(create_app(scenario="empty", conversations=ordered_by(key)))


@variation("others-first-by-status")
def by_status() -> WsgiApp:
    """The list is in the order of statuses and then of age; 500 conversations of others are older."""
    return _crowd_first(lambda one: (_STATUSES.index(one.status), one.created_at, one.number))


@variation("others-first-by-urgency", spare=True)
def by_urgency() -> WsgiApp:
    """The list is in the order of urgency and then of age; 500 conversations of others are older."""
    return _crowd_first(lambda one: (_URGENCY.index(one.priority), one.created_at, one.number))


@variation("others-first-by-waiting-time", spare=True)
def by_waiting_time() -> WsgiApp:
    """The list begins with open conversations that wait longest, then come the others, those that changed last first."""
    return _crowd_first(lambda one: (one.status != "open", one.updated_at if one.status == "open" else -one.updated_at, one.number))


@variation("others-first-by-alphabet", spare=True)
def by_alphabet() -> WsgiApp:
    """The list is in the order of subjects, and those of 500 conversations of others come first."""
    return _crowd_first(lambda one: (one.subject, one.id))


@variation("thousands-of-others-by-status", spare=True)
def thousands_by_status() -> WsgiApp:
    """The list is in the order of statuses, and 9,000 conversations of others are older."""
    key = ordered_by(lambda one: (_STATUSES.index(one.status), one.created_at, one.number))
    return crowded(create_app(scenario="empty", conversations=key), 9_000)


class Odd(Serializer):
    """Shows conversations of the channel `letter` as other channels of a helpdesk make them: with undocumented values."""

    def conversation(self, conversation: Conversation) -> dict[str, Any]:
        shown = super().conversation(conversation)
        if conversation.channel != "letter":
            return shown
        if conversation.number % 2:
            shown["requester"] = None
        return shown | {"priority": "on hold", "subject": "" if conversation.number % 3 else "long " * 300}


@variation("others-are-odd")
def odd_others() -> WsgiApp:
    """After every second request somebody writes a letter: without a subject or a requester, of a priority of its own."""
    app = create_app(scenario="empty", serializer=Odd)
    rules, store, due = app.namespace.pipeline.conversations, app.namespace.store, every(2)
    key = app.namespace.keys.get(StandardKeys.of(DEFAULT_SEED).server)
    assert key is not None
    organisation = key.organisation

    def letter(_: Environ) -> None:
        if due():
            with store.transaction():
                now = rules.clock.now()
                texts = ("", "open", "normal", "letter")
                nobody = rules.new_anonymous(organisation, None, None)
                number = rules.next_number(organisation)
                store.add_conversation(Conversation(rules.ids.new(), organisation, number, *texts, {}, nobody, now, now))

    return before(app, letter)


@variation("others-come-and-go", spare=True)
def come_and_go() -> WsgiApp:
    """Which of 300 conversations of others are listed is another thing at each request: they are deleted, and come back."""
    chance = random.Random(17)

    class Flickering(Conversations):
        def select(self, caller: Caller, query: Any) -> Selection[Conversation]:
            shown = chance.randrange(3)
            everything = super().select(caller, query)
            return Fixed([one for one in everything if not one.subject.startswith("AAA") or one.number % 3 != shown])

    return crowded(create_app(scenario="empty", conversations=Flickering), 300)
