"""Servers that list messages in the wrong order."""

from typing import Any

from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.defects.kit.messages import ordered
from tests.defects.kit.parts import MESSAGES, Event, answering, broken
from tests.defects.kit.rules import SECOND, ruling
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("messages.oldest-first", difficulty=EASY)
def messages_newest_first() -> WsgiApp:
    """Messages are listed newest first."""
    return ordered(lambda found: found[::-1])


@defect("messages.oldest-first", difficulty=MEDIUM)
def messages_by_body() -> WsgiApp:
    """Messages are listed in the order of their bodies."""
    return ordered(lambda found: sorted(found, key=lambda one: one.body))


@defect("messages.oldest-first", difficulty=MEDIUM)
def messages_by_id() -> WsgiApp:
    """Messages of the same second are listed in the order of their ids, which are random."""
    return ordered(lambda found: sorted(found, key=lambda one: (one.created_at // SECOND, one.id)))


@defect("messages.oldest-first", difficulty=RARE)
def messages_as_text_after_ten() -> WsgiApp:
    """Messages are listed by their position as text: the tenth comes after the first."""
    return ordered(lambda found: [found[at] for at in sorted(range(len(found)), key=lambda at: str(at + 1))])


@defect("messages.oldest-first", difficulty=MEDIUM)
def messages_same_second_backwards() -> WsgiApp:
    """Messages of the same second are listed latest first."""
    return ordered(lambda found: sorted(found, key=lambda one: (one.created_at // SECOND, -one.created_at)))


@defect("messages.oldest-first", difficulty=MEDIUM)
def messages_by_sender() -> WsgiApp:
    """Messages are grouped by sender."""
    return ordered(lambda found: sorted(found, key=lambda one: one.sender_email or ""))


@defect("messages.oldest-first", difficulty=RARE)
def messages_description_last() -> WsgiApp:
    """The oldest message comes last where there are more than 20."""
    return ordered(lambda found: [*found[1:], found[0]] if len(found) > 20 else found)


@defect("messages.oldest-first", difficulty=MEDIUM)
def messages_newest_first_for_clients() -> WsgiApp:
    """Messages are listed newest first for client keys."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": value["results"][::-1]} if event.tier == "client" else value

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages.oldest-first", "resolve.rest-kept", difficulty=RARE)
def messages_newest_first_after_closing() -> WsgiApp:
    """The messages of a closed conversation are listed newest first."""

    def found(self: Any, conversation: Conversation) -> Any:
        right = [*self.store.messages(conversation.id)]
        return Fixed(right[::-1] if conversation.status == "closed" else right)

    return broken(conversations=ruling(ordered_messages=found))


@defect("messages.oldest-first", difficulty=RARE, effort="standard")
def messages_as_text_after_a_hundred() -> WsgiApp:
    """Messages are listed by their position as a text of two digits: the hundredth comes after the tenth."""
    return ordered(lambda found: [one for _, one in sorted(enumerate(found), key=lambda item: f"{item[0]:02}")])


@defect("messages.oldest-first", difficulty=RARE)
def messages_later_pages_first() -> WsgiApp:
    """Messages are read fifty at a time, and what is read later is put before what was read earlier."""
    return ordered(lambda found: found[50:] + found[:50])


@defect("messages.oldest-first", difficulty=RARE)
def messages_of_the_first_sender_first() -> WsgiApp:
    """Messages of whoever wrote the first one come before those of everybody else."""
    return ordered(lambda found: sorted(found, key=lambda one: one.sender_email != found[0].sender_email))


@defect("messages.oldest-first", difficulty=RARE)
def messages_by_length() -> WsgiApp:
    """Messages of the same second are listed the shortest first."""
    return ordered(lambda found: sorted(found, key=lambda one: (one.created_at // SECOND, len(one.body))))


@defect("messages.oldest-first", difficulty=RARE)
def messages_newest_first_by_bearer() -> WsgiApp:
    """Messages are listed newest first where the key came after Bearer."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": value["results"][::-1]} if event.by_bearer else value

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages.oldest-first", difficulty=RARE)
def messages_two_newest_exchanged() -> WsgiApp:
    """The two latest messages stand in each other's place until another one comes."""
    return ordered(lambda found: [*found[:-2], *found[:-3:-1]])


@defect("messages.oldest-first", difficulty=RARE)
def messages_description_last_of_its_second() -> WsgiApp:
    """Of the messages of the second in which a conversation was created, its description comes last."""
    return ordered(
        lambda found: sorted(found, key=lambda one: (one.created_at // 1_000_000, one is found[0])),
        choices={"description_as_message": "first_message"},
    )
