"""Servers that do not find a conversation, or find one where there is none."""

from collections.abc import Callable
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, broken, refusing
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


# --- what is not found, and should be ---------------------------------------------------------------------------------------------


def missing(when: Callable[[Conversations, Conversation, Caller, int], bool]) -> WsgiApp:
    """A server that does not find some conversations when they are got. It is asked with the number of times each was."""
    times: dict[str, int] = {}

    class Missing(Conversations):
        def get(self, caller: Caller, request: Request) -> Conversation:
            found = super().get(caller, request)
            times[found.id] = times.get(found.id, 0) + 1
            if when(self, found, caller, times[found.id]):
                raise not_found()
            return found

    return broken(conversations=Missing)


@defect("get-not-the-first-time", "get.answer", difficulty=EASY)
def _() -> WsgiApp:
    """A conversation is not found when it is got for the first time: the replica lags."""
    return missing(lambda rules, found, caller, times: times == 1)


@defect("get-not-the-tenth-time", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation is not found when it is got for the tenth time, and is afterwards."""
    return missing(lambda rules, found, caller, times: times == 10)


@defect("get-not-anonymous", "get.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation of an anonymous requester is not found."""
    return missing(lambda rules, found, caller, times: found.requester.anonymous)


@defect("get-not-anonymous-by-clients", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key, a conversation of an anonymous requester is not found."""
    return missing(lambda rules, found, caller, times: found.requester.anonymous and caller.key.tier == "client")


@defect("get-not-closed", "get.answer", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A closed conversation is not found."""
    return missing(lambda rules, found, caller, times: rules.is_closed(found))


@defect("get-not-the-oldest", "get.answer", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation is not found once 300 others were created: the cache is all there is."""
    return missing(
        lambda rules, found, caller, times: rules.store.conversations(found.organisation).page(0, 1)[0].number > found.number + 300
    )


@defect("get-not-callbacks", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation of the channel callback is not found: it is in another table."""
    return missing(lambda rules, found, caller, times: found.channel == "callback")


@defect("get-closed-is-a-redirect", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """A closed conversation is answered with a redirect to an archive."""

    class Archive(Pipeline):
        def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
            answer = super().succeeded(operation, call, value)
            if operation.id == GET and value["status"] == "closed":
                return answer._replace(status=303, body=b"", headers={"Location": "/archive/"})
            return answer

    return broken(pipeline=Archive)


# --- what is found, and should not be ---------------------------------------------------------------------------------------------


class Finding(Conversations):
    """Rules that get some conversation where none has the id."""

    def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
        """The conversation in its place."""
        return None

    def get(self, caller: Caller, request: Request) -> Conversation:
        if self.store.conversation(request.id) is None:
            found = self.instead(caller, request.id)
            if found is not None:
                return found
        return super().get(caller, request)

    def latest(self, caller: Caller) -> Conversation | None:
        """The caller's latest conversation."""
        return next(iter(self.store.conversations(caller.organisation).page(0, 1)), None)


class AnyId(Validator):
    """Takes any text for an id."""

    def read_id(self, text: str) -> str:
        return text


@defect("get-unknown-is-the-latest", "get.unknown-id", difficulty=EASY)
def _() -> WsgiApp:
    """An unknown id is answered with the latest conversation."""

    class Latest(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            return self.latest(caller)

    return broken(conversations=Latest)


@defect("get-by-beginning", "get.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Ids are compared by their first eight characters."""

    class ByBeginning(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            found = iter(self.store.conversations(caller.organisation))
            return next((one for one in found if one.id[:8] == conversation_id[:8]), None)

    return broken(conversations=ByBeginning)


@defect("get-zeros-are-the-first", "get.unknown-id", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """The id of zeros only is the latest conversation's, for tests."""

    class Zeros(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            return self.latest(caller) if not conversation_id.strip("0-") else None

    return broken(conversations=Zeros, validator=AnyId)


def unknown_as(status: int, value: Any, *, unless_malformed: bool = False) -> WsgiApp:
    """A server that answers an unknown id in another way."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        return Answer.json(status, value) if refusal.status == 404 else answer

    return broken(pipeline=refusing(change, GET), validator=Validator if not unless_malformed else Malformed400)


class Malformed400(Validator):
    """Answers a malformed id with 400."""

    def read_id(self, text: str) -> str:
        try:
            return super().read_id(text)
        except Refusal:
            raise Refusal(400, "This is not an id.") from None


@defect("get-unknown-is-null", "get.unknown-id", "get.malformed-id", difficulty=EASY)
def _() -> WsgiApp:
    """An unknown id is answered with 200 and null."""
    return unknown_as(200, None)


@defect("get-unknown-is-empty", "get.unknown-id", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An id that nobody has is answered with 200 and an empty object; a malformed one is refused."""
    return unknown_as(200, {}, unless_malformed=True)


@defect("get-unknown-is-500", "get.unknown-id", "any.no-server-error", difficulty=EASY)
def _() -> WsgiApp:
    """An id that nobody has is answered with 500."""
    return unknown_as(500, {"detail": "DoesNotExist"}, unless_malformed=True)


@defect("get-unknown-is-500-for-clients", "get.unknown-id", "any.no-server-error", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key, an id that nobody has is answered with 500."""

    class Failing(Conversations):
        def get(self, caller: Caller, request: Request) -> Conversation:
            if caller.key.tier == "client" and self.store.conversation(request.id) is None:
                raise LookupError(request.id)
            return super().get(caller, request)

    return broken(conversations=Failing)


@defect("get-unknown-is-html", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An unknown id is answered with a page for people."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        page = Answer(404, b"<!doctype html><title>Not Found</title>", {"Content-Type": "text/html"})
        return page if refusal.status == 404 else answer

    return broken(pipeline=refusing(change, GET))


def malformed(status: int, when: Callable[[str], bool]) -> WsgiApp:
    """A server that answers some ids that could not be any with this status."""

    class Malformed(Validator):
        def read_id(self, text: str) -> str:
            if when(text):
                raise Refusal(status, "Something went wrong.")
            return super().read_id(text)

    return broken(validator=Malformed)


@defect("get-malformed-is-500", "get.malformed-id", "any.no-server-error", difficulty=EASY)
def _() -> WsgiApp:
    """An id that is no UUID is answered with 500."""
    return malformed(500, lambda text: text.count("-") != 4)


@defect("get-malformed-is-200", "get.malformed-id", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An id that is no UUID is answered with 200 and an error."""
    return malformed(200, lambda text: text.count("-") != 4)


@defect("get-long-id-is-500", "get.malformed-id", "any.no-server-error", difficulty=RARE)
def _() -> WsgiApp:
    """An id of more than 255 characters is answered with 500."""
    return malformed(500, lambda text: len(text) > 255)


@defect("get-nul-id-is-500", "get.malformed-id", "any.no-server-error", difficulty=RARE)
def _() -> WsgiApp:
    """An id with a NUL in it is answered with 500."""
    return malformed(500, lambda text: "\0" in text)


@defect("get-emoji-id-is-500", "get.malformed-id", "any.no-server-error", difficulty=RARE)
def _() -> WsgiApp:
    """An id with a character that Latin-1 lacks is answered with 500."""
    return malformed(500, lambda text: any(ord(character) > 255 for character in text))


@defect("get-quote-id-is-500", "get.malformed-id", "any.no-server-error", difficulty=RARE)
def _() -> WsgiApp:
    """An id with an apostrophe in it is answered with 500: it is put into the text of a query."""
    return malformed(500, lambda text: "'" in text)


def found_by(when: Callable[[str], bool]) -> WsgiApp:
    """A server that finds the latest conversation by some texts that are no ids."""

    class ByText(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            return self.latest(caller) if when(conversation_id) else None

    class Reading(Validator):
        def read_id(self, text: str) -> str:
            return text if when(text) else super().read_id(text)

    return broken(conversations=ByText, validator=Reading)


@defect("get-by-wildcard", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """Ids are compared by LIKE: % finds the latest conversation."""
    return found_by(lambda text: text == "%")


@defect("get-by-injection", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """An id of ' OR 1=1 finds the latest conversation."""
    return found_by(lambda text: "' OR 1=1" in text)


@defect("get-undefined", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """The id undefined, which careless browsers send, finds the latest conversation."""
    return found_by(lambda text: text == "undefined")


@defect("get-zero-is-the-latest", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """The id 0 finds the latest conversation."""
    return found_by(lambda text: text == "0")


@defect("get-minus-one-is-the-latest", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """The id -1 finds the latest conversation."""
    return found_by(lambda text: text == "-1")
