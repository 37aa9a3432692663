"""Servers that answer resolving wrongly, or refuse it where it is right."""

from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.resolve_seams import answered, besides, refusing
from broken_servers.seams import RESOLVE, Event, body_of, broken
from mockserver.answers import Answer, Call
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


class _Status(Pipeline):
    """Answers resolving with another status."""

    status = 200

    def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
        answer = super().succeeded(operation, call, value)
        if operation.id != RESOLVE:
            return answer
        return answer._replace(status=self.status, body=b"" if self.status == 204 else answer.body)


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
        lambda rules, caller, request, done: done._replace(
            subject=next(iter(rules.store.conversations(caller.organisation))).subject
        )
    )


@defect("resolve-needs-a-body", "resolve.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving without a body is refused with 400."""

    class NeedsBody(Validator):
        def read(self, call: Call, operation: Operation) -> Request:
            if operation.id == RESOLVE and not body_of(call):
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
