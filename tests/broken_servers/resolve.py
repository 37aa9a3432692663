"""Servers that do not close what they should resolve, or do more than that."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken_servers.list_seams import SECOND, change, ruling, selecting, siblings, then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, RESOLVE, Event, answering, broken
from mockserver.answers import Answer, Call
from mockserver.auth import Caller
from mockserver.contract import Operation
from mockserver.conversations import Conversations
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal, not_found
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


def closing(**members: Callable[[Any, Conversation], Any]) -> WsgiApp:
    """A server on which resolving changes other members too: each gets the rules and the conversation."""

    def resolved(self: Any, conversation: Conversation) -> Conversation:
        done = Conversations.resolved(self, conversation)
        return replace(done, **{name: value(self, conversation) for name, value in members.items()})

    return broken(conversations=ruling(resolved=resolved))


def not_closing(kept_open: Callable[[Conversation, Caller], bool]) -> WsgiApp:
    """A server that answers that a conversation is closed, and leaves some open."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        conversation = self.find(caller, request.id)
        if kept_open(conversation, caller):
            return self.resolved(conversation)
        return Conversations.resolve(self, caller, request)

    return broken(conversations=ruling(resolve=resolve))


def besides(effect: Callable[[Any, Caller, Request, Conversation], Any]) -> WsgiApp:
    """A server on which resolving has an effect besides."""
    return broken(conversations=then("resolve", effect))


def answered(rewrite: Callable[[dict[str, Any], Event], Any]) -> WsgiApp:
    """A server that answers resolving otherwise."""
    return broken(pipeline=answering(rewrite, RESOLVE))


def refusing(when: Callable[[Conversations, Conversation], bool], status: int = 409) -> WsgiApp:
    """A server that refuses to resolve some conversations."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        if when(self, self.find(caller, request.id)):
            raise Refusal(status, "This cannot be resolved.")
        return Conversations.resolve(self, caller, request)

    return broken(conversations=ruling(resolve=resolve))


# --- the status -------------------------------------------------------------------------------------------------------------------


@defect("resolve-status-resolved", "resolve.closes", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving ends in the status resolved."""
    return broken(conversations=ruling(closed_status=lambda self: "resolved"))


@defect("resolve-status-resolved-in-get", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A closed conversation is read as resolved."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"status": value["status"].replace("closed", "resolved")}

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve-only-in-the-answer", "resolve.get-agrees", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving answers that the conversation is closed, and does nothing."""
    return not_closing(lambda conversation, caller: True)


@defect("resolve-by-bearer-only-in-the-answer", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving with a key after Bearer does nothing."""
    return not_closing(lambda conversation, caller: caller.scheme != "apiKey")


@defect("resolve-callbacks-only-in-the-answer", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a conversation of the channel callback does nothing."""
    return not_closing(lambda conversation, caller: conversation.channel == "callback")


@defect("resolve-low-priority-only-in-the-answer", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a conversation of the priority low does nothing."""
    return not_closing(lambda conversation, caller: conversation.priority == "low")


@defect("resolve-anonymous-only-in-the-answer", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a conversation of an anonymous user does nothing."""
    return not_closing(lambda conversation, caller: conversation.requester.anonymous)


@defect("resolve-answers-open", "resolve.closes", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving closes the conversation and answers it as it was before."""
    return answered(lambda value, _: value | {"status": "open"})


@defect("resolve-later", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation is read as closed 300 ms after it was resolved."""
    app = broken()

    def rewrite(value: Any, event: Event) -> Any:
        stored = app.world.store.conversation(event.request.id)
        if stored and stored.status == "closed" and app.world.pipeline.conversations.clock.now() - stored.updated_at < 0.3 * SECOND:
            return value | {"status": "open"}
        return value

    app = broken(pipeline=answering(rewrite, GET))
    return app


@defect("resolve-undone-after-a-second", "resolve.get-agrees", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A closed conversation is open again after a second."""

    def find(self: Any, caller: Caller, conversation_id: str) -> Conversation:
        found = Conversations.find(self, caller, conversation_id)
        if found.status == "closed" and self.clock.now() - found.updated_at > SECOND:
            change(self, found, status="open")
        return Conversations.find(self, caller, conversation_id)

    return broken(conversations=ruling(find=find))


@defect("resolve-undone-by-the-list", "resolve.get-agrees", "resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Listing a requester's conversations opens their latest closed one."""

    def effect(rules: Any, caller: Caller, request: Request, page: Any) -> None:
        closed = [one for one in page.results if one.status == "closed" and request.query["user_email"]]
        for one in closed[:1]:
            change(rules, one, status="open")

    return broken(conversations=then("list", effect))


@defect("resolve-undone-by-reading-messages", "resolve.get-agrees", "any.durable", "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """Reading the messages of a closed conversation opens it."""

    def effect(rules: Any, caller: Caller, request: Request, page: Any) -> None:
        conversation = rules.find(caller, request.id)
        if conversation.status == "closed":
            change(rules, conversation, status="open")

    return broken(conversations=then("messages", effect))


@defect("resolve-undone-by-the-next-create", "resolve.get-agrees", "any.durable", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A new conversation of a requester opens their closed ones."""

    def effect(rules: Any, caller: Caller, request: Request, created: Conversation) -> None:
        for other in siblings(rules, caller, created):
            change(rules, other, status="open")

    return broken(conversations=then("create", effect))


@defect("resolve-new-ones-are-closed", "create.opens", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation of a requester whose latest was closed is closed from the beginning."""

    def effect(rules: Any, caller: Caller, request: Request, created: Conversation) -> Any:
        others = siblings(rules, caller, created)
        if others and others[0].status == "closed":
            change(rules, created, status="closed")
            return rules.store.conversation(created.id)
        return None

    return broken(conversations=then("create", effect))


@defect("resolve-twice-opens", "resolve.twice", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a closed conversation opens it."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        conversation = self.find(caller, request.id)
        if conversation.status != "closed":
            return Conversations.resolve(self, caller, request)
        change(self, conversation, status="open")
        return self.find(caller, request.id)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve-twice-is-resolved", "resolve.twice", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a closed conversation gives it the status resolved."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        conversation = self.find(caller, request.id)
        if conversation.status == "closed":
            change(self, conversation, status="resolved")
            return conversation
        return Conversations.resolve(self, caller, request)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve-twice-is-an-error", "resolve.twice", "any.no-server-error", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving a closed conversation is answered with 500."""
    return refusing(lambda rules, conversation: conversation.status == "closed", 500)


@defect("resolve-thrice-is-an-error", "resolve.twice", "any.no-server-error", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a conversation for the third time is answered with 500."""
    times: dict[str, int] = {}

    def again(rules: Conversations, conversation: Conversation) -> bool:
        times[conversation.id] = times.get(conversation.id, 0) + 1
        return times[conversation.id] > 2

    return refusing(again, 500)


# --- what else changes ------------------------------------------------------------------------------------------------------------


@defect("resolve-clears-metadata", "resolve.rest-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving clears the metadata."""
    return closing(metadata=lambda rules, conversation: {})


@defect("resolve-adds-to-metadata", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving adds a member to the metadata."""
    return closing(metadata=lambda rules, conversation: {**conversation.metadata, "resolved_by": "api"})


@defect("resolve-drops-null-from-metadata", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving drops members of metadata that are false, null or empty."""
    return closing(metadata=lambda rules, conversation: {name: value for name, value in conversation.metadata.items() if value})


@defect("resolve-resets-priority", "resolve.rest-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving sets the priority to normal."""
    return closing(priority=lambda rules, conversation: "normal")


@defect("resolve-lowers-urgent", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving makes what is urgent low."""
    return closing(priority=lambda rules, conversation: conversation.priority.replace("urgent", "low"))


@defect("resolve-changes-web-to-api", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving by API makes the channel web the channel api."""
    return closing(channel=lambda rules, conversation: conversation.channel.replace("web", "api"))


@defect("resolve-marks-the-subject", "resolve.rest-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving puts [Closed] before the subject."""
    return closing(subject=lambda rules, conversation: f"[Closed] {conversation.subject}")


@defect("resolve-gives-a-number", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving gives the conversation a new number."""
    return closing(number=lambda rules, conversation: rules.next_number(conversation.organisation))


@defect("resolve-drops-names", "resolve.rest-kept", "create.existing-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving drops the names of the requester."""
    return closing(requester=lambda rules, conversation: replace(conversation.requester, first_name=None, last_name=None))


@defect("resolve-drops-the-requester", "resolve.rest-kept", "create.requester-email", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving makes the requester anonymous."""
    return closing(requester=lambda rules, conversation: replace(conversation.requester, email=None))


@defect("resolve-moves-created-at", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving sets created_at to the time of the resolving."""

    def resolved(self: Any, conversation: Conversation) -> Conversation:
        return replace(Conversations.resolved(self, conversation), created_at=self.clock.now())

    return broken(choices={"timestamp_fraction": "microseconds"}, conversations=ruling(resolved=resolved))


@defect("resolve-updated-before-created", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The updated_at of a closed conversation is an hour before its created_at."""
    return closing(updated_at=lambda rules, conversation: conversation.created_at - 3600 * SECOND)


@defect("resolve-deletes-messages", "resolve.rest-kept", "messages.listed-once", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving deletes the messages of the conversation."""
    return besides(lambda rules, caller, request, done: rules.store._messages[done.id].clear())


@defect("resolve-deletes-all-but-the-latest-message", "resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving keeps the latest message of a conversation and deletes the others."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        kept = rules.store._messages[done.id]
        kept[:] = kept[-1:]

    return besides(effect)


@defect("resolve-closes-the-requesters-others", "resolve.only-that", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving closes all conversations of the requester."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            change(rules, other, status="closed")

    return besides(effect)


@defect("resolve-closes-the-same-subject", "resolve.only-that", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving closes the requester's conversations with the same subject."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            if other.subject == done.subject:
                change(rules, other, status="closed")

    return besides(effect)


@defect("resolve-closes-the-one-before", "resolve.only-that", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving also closes the conversation with the number before."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in rules.store.conversations(caller.organisation):
            if other.number == done.number - 1:
                change(rules, other, status="closed")

    return besides(effect)


@defect("resolve-closes-older-ones", "resolve.only-that", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving closes the requester's older conversations too."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            if other.number < done.number:
                change(rules, other, status="closed")

    return besides(effect)


@defect(
    "resolve-moves-messages",
    "resolve.only-that",
    "messages.own-conversation",
    "resolve.rest-kept",
    "messages.listed-once",
    difficulty=RARE,
)
def _() -> WsgiApp:
    """Resolving moves the messages to the requester's latest other conversation."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done)[:1]:
            moved, rules.store._messages[done.id] = rules.store._messages[done.id], []
            rules.store._messages[other.id] += moved

    return besides(effect)


@defect("resolve-closes-the-latest-instead", "resolve.only-that", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving closes the requester's latest conversation, whichever was named."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        named = self.find(caller, request.id)
        latest = next(iter(self.store.conversations(caller.organisation, named.requester.id)))
        Conversations.resolve(self, caller, replace(request, id=latest.id))
        return self.resolved(named)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve-hides", "list.unfiltered", "list.status-filter", "resolve.lists-agree", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Closed conversations are archived: they can be read and are not listed."""
    return broken(conversations=selecting(lambda rules, caller, query, found: [one for one in found if one.status != "closed"]))


@defect("resolve-deletes", "resolve.get-agrees", "get.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Closed conversations are not found any more."""

    def rewrite(value: Any, event: Event) -> Any:
        if value["status"] == "closed":
            raise not_found()
        return value

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve-hides-from-clients", "resolve.get-agrees", "get.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Client keys cannot read closed conversations."""

    def rewrite(value: Any, event: Event) -> Any:
        if value["status"] == "closed" and event.tier == "client":
            raise not_found()
        return value

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve-hides-messages", "resolve.rest-kept", "messages.answer", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of closed conversations cannot be listed by client keys."""

    def messages(self: Any, caller: Caller, request: Request) -> Any:
        if self.find(caller, request.id).status == "closed" and caller.key.tier == "client":
            raise not_found()
        return Conversations.messages(self, caller, request)

    return broken(conversations=ruling(messages=messages))


# --- the answer -------------------------------------------------------------------------------------------------------------------


class _Status(Pipeline):
    """Answers resolving with another status."""

    status = 200

    def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
        answer = super().succeeded(operation, call, value)
        if operation.id != RESOLVE:
            return answer
        return replace(answer, status=self.status, body=b"" if self.status == 204 else answer.body)


@defect("resolve-answers-nothing", "resolve.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving is answered with 204 and no conversation."""
    return broken(pipeline=type("NoContent", (_Status,), {"status": 204}))


@defect("resolve-answers-202", "resolve.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving is answered with 202."""
    return broken(pipeline=type("Accepted", (_Status,), {"status": 202}))


@defect("resolve-answers-201", "resolve.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving is answered with 201."""
    return broken(pipeline=type("Created", (_Status,), {"status": 201}))


@defect("resolve-answers-the-status-only", "resolve.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving answers an object with nothing but the status."""
    return answered(lambda value, _: {"status": value["status"]})


@defect("resolve-answers-wrapped", "resolve.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving answers the conversation within an object."""
    return answered(lambda value, _: {"conversation": value})


@defect("resolve-answers-without-requester", "resolve.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answer to resolving has no requester."""
    return answered(lambda value, _: {name: member for name, member in value.items() if name != "requester"})


@defect("resolve-answers-empty-metadata", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answer to resolving has empty metadata; nothing is lost."""
    return answered(lambda value, _: value | {"metadata": {}})


@defect("resolve-answers-another", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """The answer to resolving has the subject of the organisation's latest conversation."""
    return besides(
        lambda rules, caller, request, done: replace(
            done, subject=next(iter(rules.store.conversations(caller.organisation))).subject
        )
    )


@defect("resolve-needs-a-body", "resolve.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving without a body is refused with 400."""

    class NeedsBody(Validator):
        def read(self, call: Call, operation: Operation) -> Request:
            if operation.id == RESOLVE and not call.body(10_000):
                raise Refusal(400, "A body is needed.")
            return super().read(call, operation)

    return broken(validator=NeedsBody)


@defect("resolve-needs-a-message", "resolve.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation without messages cannot be resolved."""
    return refusing(lambda rules, conversation: not len(rules.store.messages(conversation.id)))


@defect("resolve-not-urgent-ones", "resolve.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Urgent conversations cannot be resolved."""
    return refusing(lambda rules, conversation: conversation.priority == "urgent")


@defect("resolve-not-anonymous-ones", "resolve.answer", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a conversation of an anonymous user is answered with 500, since there is nobody to write to."""
    return refusing(lambda rules, conversation: conversation.requester.anonymous, 500)


@defect("resolve-not-long-ones", "resolve.answer", difficulty=RARE, effort="standard")
def _() -> WsgiApp:
    """A conversation with more than ten messages cannot be resolved."""
    return refusing(lambda rules, conversation: len(rules.store.messages(conversation.id)) > 10)


# --- ids --------------------------------------------------------------------------------------------------------------------------


class _AnyId(Validator):
    def read_id(self, text: str) -> str:
        return text


def unknown_resolved(when: Callable[[str, Caller], bool], status: int) -> WsgiApp:
    """A server that does not mind ids that no conversation has."""
    example = {"subject": "", "priority": "normal", "channel": "api"}

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        if self.store.conversation(request.id) is not None or not when(request.id, caller):
            return Conversations.resolve(self, caller, request)
        if status != 200:
            raise Refusal(status, "Something went wrong.")
        nobody, now = self.new_anonymous(caller.organisation, None, None), self.clock.now()
        place = {"id": request.id, "organisation": caller.organisation, "number": 0, "status": "closed"}
        return Conversation(**place, **example, metadata={}, requester=nobody, created_at=now, updated_at=now)

    return broken(conversations=ruling(resolve=resolve), validator=_AnyId)


@defect("resolve-unknown-accepted", "resolve.unknown-id", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 200."""
    return unknown_resolved(lambda conversation_id, caller: True, 200)


@defect("resolve-unknown-by-bearer-accepted", "resolve.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 200 where the key came after Bearer."""
    return unknown_resolved(lambda conversation_id, caller: caller.scheme != "apiKey", 200)


@defect("resolve-unknown-is-an-error", "resolve.unknown-id", "any.no-server-error", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 500."""
    return unknown_resolved(lambda conversation_id, caller: True, 500)


@defect("resolve-malformed-id-accepted", "resolve.unknown-id", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a malformed id is answered with 200."""
    return unknown_resolved(lambda conversation_id, caller: len(conversation_id) != 36, 200)


@defect("resolve-malformed-id-is-an-error", "resolve.unknown-id", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a malformed id is answered with 500."""
    return unknown_resolved(lambda conversation_id, caller: len(conversation_id) != 36, 500)


@defect("resolve-nearest-id", "resolve.unknown-id", "resolve.only-that", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving looks at all but the last character of an id."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        alike = [one for one in self.store.conversations(caller.organisation) if one.id[:-1] == request.id[:-1]]
        return Conversations.resolve(self, caller, replace(request, id=alike[0].id) if alike else request)

    return broken(conversations=ruling(resolve=resolve))
