"""Servers that do not find a conversation, or find one where there is none."""

from collections.abc import Callable
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.model.refusal import Refusal, not_found
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import GET, broken, refusing, status_of
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- what is not found, and should be ---------------------------------------------------------------------------------------------


def missing(when: Callable[[Conversations, Conversation, Caller, int], bool]) -> WsgiApp:
    """Make a server that does not find some conversations when they are read; `when` also gets how often each was read."""
    times: dict[str, int] = {}

    class Missing(Conversations):
        def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            found = super().get(caller, checked)
            times[found.id] = times.get(found.id, 0) + 1
            if when(self, found, caller, times[found.id]):
                raise not_found()
            return found

    return broken(conversations=Missing)


@defect("get.answer", difficulty=EASY)
def get_not_the_first_time() -> WsgiApp:
    """A conversation is not found when it is got for the first time: the replica lags."""
    return missing(lambda rules, found, caller, times: times == 1)


@defect("get.answer", difficulty=RARE)
def get_not_the_tenth_time() -> WsgiApp:
    """A conversation is not found when it is got for the tenth time, and is afterwards."""
    return missing(lambda rules, found, caller, times: times == 10)


@defect("get.answer", difficulty=MEDIUM)
def get_not_anonymous() -> WsgiApp:
    """A conversation of an anonymous requester is not found."""
    return missing(lambda rules, found, caller, times: found.requester.anonymous)


@defect("get.answer", difficulty=RARE)
def get_not_anonymous_by_clients() -> WsgiApp:
    """With a client key, a conversation of an anonymous requester is not found."""
    return missing(lambda rules, found, caller, times: found.requester.anonymous and caller.key.tier == "client")


@defect("get.answer", "resolve.get-agrees", difficulty=MEDIUM)
def get_not_closed() -> WsgiApp:
    """A closed conversation is not found."""
    return missing(lambda rules, found, caller, times: rules.is_closed(found))


@defect("get.answer", "any.durable", difficulty=RARE)
def get_not_the_oldest() -> WsgiApp:
    """A conversation is not found once 300 others were created: the cache is all there is."""
    return missing(
        lambda rules, found, caller, times: rules.store.conversations(found.organisation).page(0, 1)[0].number > found.number + 300
    )


@defect("get.answer", difficulty=RARE)
def get_not_callbacks() -> WsgiApp:
    """A conversation of the channel callback is not found: it is in another table."""
    return missing(lambda rules, found, caller, times: found.channel == "callback")


@defect("get.answer", difficulty=RARE)
def get_closed_is_a_redirect() -> WsgiApp:
    """A closed conversation is answered with a redirect to an archive."""

    class Archive(Pipeline):
        def succeeded(self, operation: Operation, request: Request, value: Any) -> Response:
            response = super().succeeded(operation, request, value)
            if operation.id == GET and value["status"] == "closed":
                return response._replace(status=303, body=b"", headers={"Location": "/archive/"})
            return response

    return broken(pipeline=Archive)


# --- what is found, and should not be ---------------------------------------------------------------------------------------------


class Finding(Conversations):
    """Rules that return another conversation for an id that does not exist."""

    def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
        """Return the conversation to show instead, or None."""
        return None

    def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        if self.store.conversation(checked.id) is None:
            found = self.instead(caller, checked.id)
            if found is not None:
                return found
        return super().get(caller, checked)

    def latest(self, caller: Caller) -> Conversation | None:
        """The caller's latest conversation."""
        return next(iter(self.store.conversations(caller.organisation).page(0, 1)), None)


class AnyId(Validator):
    """Takes any text for an id."""

    def read_id(self, text: str) -> str:
        return text


@defect("get.unknown-id", difficulty=EASY)
def get_unknown_is_the_latest() -> WsgiApp:
    """An unknown id is answered with the latest conversation."""

    class Latest(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            return self.latest(caller)

    return broken(conversations=Latest)


@defect("get.unknown-id", difficulty=RARE)
def get_by_beginning() -> WsgiApp:
    """Ids are compared by their first eight characters."""

    class ByBeginning(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            found = iter(self.store.conversations(caller.organisation))
            return next((one for one in found if one.id[:8] == conversation_id[:8]), None)

    return broken(conversations=ByBeginning)


@defect("get.unknown-id", "get.malformed-id", difficulty=RARE)
def get_zeros_are_the_first() -> WsgiApp:
    """The id of zeros only is the latest conversation's, for tests."""

    class Zeros(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            return self.latest(caller) if not conversation_id.strip("0-") else None

    return broken(conversations=Zeros, validator=AnyId)


def unknown_as(status: int, value: Any, *, unless_malformed: bool = False) -> WsgiApp:
    """A server that answers an unknown id in another way."""

    def change(response: Response, refusal: Refusal) -> Response:
        return Response.json(status, value) if status_of(refusal) == 404 else response

    return broken(pipeline=refusing(change, GET), validator=Validator if not unless_malformed else Malformed400)


class Malformed400(Validator):
    """Answers a malformed id with 400."""

    def read_id(self, text: str) -> str:
        try:
            return super().read_id(text)
        except Refusal:
            raise HttpRefusal(400, "This is not an id.") from None


@defect("get.unknown-id", "get.malformed-id", difficulty=EASY)
def get_unknown_is_null() -> WsgiApp:
    """An unknown id is answered with 200 and null."""
    return unknown_as(200, None)


@defect("get.unknown-id", difficulty=MEDIUM)
def get_unknown_is_empty() -> WsgiApp:
    """An id that nobody has is answered with 200 and an empty object; a malformed one is refused."""
    return unknown_as(200, {}, unless_malformed=True)


@defect("get.unknown-id", "any.no-server-error", difficulty=EASY)
def get_unknown_is_500() -> WsgiApp:
    """An id that nobody has is answered with 500."""
    return unknown_as(500, {"detail": "DoesNotExist"}, unless_malformed=True)


@defect("get.unknown-id", "any.no-server-error", difficulty=RARE)
def get_unknown_is_500_for_clients() -> WsgiApp:
    """With a client key, an id that nobody has is answered with 500."""

    class Failing(Conversations):
        def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            if caller.key.tier == "client" and self.store.conversation(checked.id) is None:
                raise LookupError(checked.id)
            return super().get(caller, checked)

    return broken(conversations=Failing)


@defect("any.json", difficulty=MEDIUM)
def get_unknown_is_html() -> WsgiApp:
    """An unknown id is answered with a page for people."""

    def change(response: Response, refusal: Refusal) -> Response:
        page = Response(404, b"<!doctype html><title>Not Found</title>", {"Content-Type": "text/html"})
        return page if status_of(refusal) == 404 else response

    return broken(pipeline=refusing(change, GET))


def malformed(status: int, when: Callable[[str], bool]) -> WsgiApp:
    """Make a server that responds with this status to some malformed ids."""

    class Malformed(Validator):
        def read_id(self, text: str) -> str:
            if when(text):
                raise HttpRefusal(status, "Something went wrong.")
            return super().read_id(text)

    return broken(validator=Malformed)


@defect("get.malformed-id", "any.no-server-error", difficulty=EASY)
def get_malformed_is_500() -> WsgiApp:
    """An id that is no UUID is answered with 500."""
    return malformed(500, lambda text: text.count("-") != 4)


@defect("get.malformed-id", difficulty=MEDIUM)
def get_malformed_is_200() -> WsgiApp:
    """An id that is no UUID is answered with 200 and an error."""
    return malformed(200, lambda text: text.count("-") != 4)


@defect("get.malformed-id", "any.no-server-error", difficulty=RARE)
def get_long_id_is_500() -> WsgiApp:
    """An id of more than 255 characters is answered with 500."""
    return malformed(500, lambda text: len(text) > 255)


@defect("get.malformed-id", "any.no-server-error", difficulty=RARE)
def get_nul_id_is_500() -> WsgiApp:
    """An id with a NUL in it is answered with 500."""
    return malformed(500, lambda text: "\0" in text)


@defect("get.malformed-id", "any.no-server-error", difficulty=RARE)
def get_emoji_id_is_500() -> WsgiApp:
    """An id with a character that Latin-1 lacks is answered with 500."""
    return malformed(500, lambda text: any(ord(character) > 255 for character in text))


@defect("get.malformed-id", "any.no-server-error", difficulty=RARE)
def get_quote_id_is_500() -> WsgiApp:
    """An id with an apostrophe in it is answered with 500: it is put into the text of a query."""
    return malformed(500, lambda text: "'" in text)


def found_by(when: Callable[[str], bool]) -> WsgiApp:
    """Make a server that finds the latest conversation by some texts that are no ids."""

    class ByText(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            return self.latest(caller) if when(conversation_id) else None

    class Reading(Validator):
        def read_id(self, text: str) -> str:
            return text if when(text) else super().read_id(text)

    return broken(conversations=ByText, validator=Reading)


@defect("get.malformed-id", difficulty=RARE)
def get_by_wildcard() -> WsgiApp:
    """Ids are compared by LIKE: % finds the latest conversation."""
    return found_by(lambda text: text == "%")


@defect("get.malformed-id", difficulty=RARE)
def get_by_injection() -> WsgiApp:
    """An id of ' OR 1=1 finds the latest conversation."""
    return found_by(lambda text: "' OR 1=1" in text)


@defect("get.malformed-id", difficulty=RARE)
def get_undefined() -> WsgiApp:
    """The id undefined, which careless browsers send, finds the latest conversation."""
    return found_by(lambda text: text == "undefined")


@defect("get.malformed-id", difficulty=RARE)
def get_zero_is_the_latest() -> WsgiApp:
    """The id 0 finds the latest conversation."""
    return found_by(lambda text: text == "0")


@defect("get.malformed-id", difficulty=RARE)
def get_minus_one_is_the_latest() -> WsgiApp:
    """The id -1 finds the latest conversation."""
    return found_by(lambda text: text == "-1")


@defect("get.malformed-id", difficulty=RARE)
def get_any_id_is_made_true() -> WsgiApp:
    """An id that is no UUID shows the latest conversation, under the id that was asked for."""

    class Obliging(Finding):
        def instead(self, caller: Caller, conversation_id: str) -> Conversation | None:
            latest = self.latest(caller) if conversation_id.count("-") != 4 else None
            return latest._replace(id=conversation_id) if latest else None

    return broken(conversations=Obliging, validator=AnyId)
