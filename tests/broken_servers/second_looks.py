"""Servers that do what is right at the first look, and not at the second: another spelling, another moment, another way in."""

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken_servers.create_names import renaming_when
from broken_servers.list_seams import change, ruling
from broken_servers.message_seams import ordered, sent
from broken_servers.origins import matching
from broken_servers.registry import Difficulty, defect
from broken_servers.resolve_seams import answered
from broken_servers.seams import (
    CREATE,
    LIST,
    Event,
    accepting,
    answering,
    broken,
    decoding,
    handling,
    sent_key,
)
from mockserver.answers import Call
from mockserver.auth import Authenticator
from mockserver.conversations import Conversations
from mockserver.keys import ApiKey
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

RARE = Difficulty.RARE


# --- keys and origins -------------------------------------------------------------------------------------------------------------


def spelled(*spellings: Callable[[str], str]) -> WsgiApp:
    """A server that accepts a key also where it is spelled so."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        text = sent_key(call)
        valid = [key for key in auth.keys if not key.revoked and not key.origins and not key.bundle_ids]
        tiers = ("server",) if operation == "resolveConversation" else ("server", "client")
        return next((key for key in valid if key.tier in tiers and any(spell(key.key) == text for spell in spellings)), None)

    return broken(authenticator=accepting(otherwise))


@defect("keys-prefix-in-any-case", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """The prefix of a key is compared without regard to case, and the rest exactly."""
    return spelled(lambda key: key[:7].upper() + key[7:])


@defect("keys-prefix-optional", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key is looked up by what follows its prefix, which may be missing."""
    return spelled(lambda key: key[7:])


@defect("keys-found-at-the-end", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key is accepted with a letter before it."""
    return spelled(lambda key: f"x{key}")


@defect("keys-until-a-colon", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """What follows a colon or a dot behind a key is not looked at."""
    return spelled(lambda key: f"{key}:x", lambda key: f"{key}.x")


@defect("keys-in-quotation-marks", "auth.malformed-authorization", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key is accepted in quotation marks."""
    return spelled(lambda key: f'"{key}"')


@defect("origins-own-accepted", "origin.other", "origin.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A restricted key may be used from the server's own origin, too."""
    return broken(
        authenticator=matching(lambda allowed, origin: origin == allowed or "//127.0.0.1:" in origin or "//server.test" in origin)
    )


# --- creating ---------------------------------------------------------------------------------------------------------------------


@defect("text-subject-counted-escaped", "create.subject-longest", difficulty=RARE)
def _() -> WsgiApp:
    """A subject is escaped for HTML before its characters are counted."""

    def handled(event: Event) -> None:
        if len(html.escape(event.body["subject"])) > 500:
            raise Refusal(400, "The subject is too long.")

    return broken(pipeline=handling(handled, CREATE))


@defect("text-subject-of-callbacks", "create.subject-required", difficulty=RARE)
def _() -> WsgiApp:
    """Whoever wants to be called back need not give a subject."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        wanted = isinstance(value, dict) and value.get("channel") == "callback" and value.get("subject") is None
        return {**value, "subject": "Callback"} if wanted else value

    return broken(validator=decoding(decoded))


@defect("bodies-of-pairs", "create.not-an-object", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A list of pairs is taken for an object."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        pairs = isinstance(value, list) and value and all(isinstance(item, list) and len(item) == 2 for item in value)
        return {str(name): item for name, item in value} if pairs else value

    return broken(validator=decoding(decoded))


@defect("priority-by-words", "create.priority-default", difficulty=RARE)
def _() -> WsgiApp:
    """Whose subject begins with URGENT has that priority."""

    def changed(value: Any, event: Event) -> Any:
        if "priority" not in event.body and value["subject"].startswith("URGENT"):
            value["priority"] = "urgent"
        return value

    return broken(pipeline=answering(changed, CREATE))


@defect("requester-names-overwritten-by-callbacks", "create.existing-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """The names of a user who exists are overwritten by a request to be called back."""
    return renaming_when(lambda body: body.get("channel") == "callback")


@defect("requester-names-overwritten-by-other-case", "create.existing-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """The names of a user who exists are overwritten where the address is written with a capital."""
    return renaming_when(lambda body: body.get("user_email", "")[:1].isupper())


# --- listing and resolving --------------------------------------------------------------------------------------------------------


@defect("lists-never-updated", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """In lists, a conversation last changed when it was created."""

    def changed(value: Any, event: Event) -> Any:
        for item in value["results"]:
            item["updated_at"] = item["created_at"]
        return value

    return broken(pipeline=answering(changed, LIST))


@defect("resolve-twice-answers-a-part", "resolve.answer", difficulty=RARE)
def _() -> WsgiApp:
    """Who resolves a closed conversation is answered its id and status, and nothing else."""
    seen: set[str] = set()

    def rewrite(value: dict[str, Any], event: Event) -> Any:
        again = value["id"] in seen
        seen.add(value["id"])
        return {"id": value["id"], "status": value["status"]} if again else value

    return answered(rewrite)


@defect("resolve-answers-a-short-subject", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """The answer to resolve cuts a subject after 100 characters."""
    return answered(lambda value, event: {**value, "subject": value["subject"][:100]})


# --- messages ---------------------------------------------------------------------------------------------------------------------


@defect("messages-timed-by-reading", "any.durable", "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """The time of a message is that at which it is listed."""

    def messages(self: Any, caller: Any, request: Any) -> Any:
        page = Conversations.messages(self, caller, request)
        now = self.clock.now()
        return replace(page, results=[message._replace(created_at=now) for message in page.results])

    return broken(conversations=ruling(messages=messages))


@defect("messages-description-last-of-its-second", "messages.oldest-first", difficulty=RARE)
def _() -> WsgiApp:
    """Of the messages of the second in which a conversation was created, its description comes last."""
    return ordered(
        lambda found: sorted(found, key=lambda one: (one.created_at // 1_000_000, one is found[0])),
        choices={"description_as_message": "first_message"},
    )


@defect("messages-equal-to-the-description-dropped", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """A message that says what the description says is acknowledged and not listed."""
    return ordered(lambda found: [one for at, one in enumerate(found) if at == 0 or one.body != found[0].body])


@defect("messages-refused-to-closed-and-added", "messages.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A message to a closed conversation is refused after it was stored."""

    def added(self: Any, caller: Any, request: Any) -> Any:
        conversation = self.find(caller, request.id)
        if self.is_closed(conversation):
            self.add_message(conversation, request.body["user_email"], request.body["body"], "reply")
        return Conversations.send(self, caller, request)

    return broken(conversations=ruling(send=added), choices={"reply_to_closed": "refuse"})


@defect("messages-urgent-words", "messages.conversation-kept", difficulty=RARE)
def _() -> WsgiApp:
    """A message that says URGENT gives its conversation that priority."""

    def effect(rules: Any, caller: Any, request: Any, message: Any) -> None:
        if "URGENT" in message.body:
            change(rules, rules.find(caller, request.id), priority="urgent")

    return sent(effect)
