"""Servers that answer resolving wrongly, or refuse it where it is right."""

import html
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.checked_request import CheckedRequest
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import RESOLVE, Event, body_of, broken
from tests.defects.kit.resolving import answered, besides, refusing
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


class _Status(Pipeline):
    """Answers resolving with another status."""

    status = 200

    def succeeded(self, operation: Operation, request: Request, value: Any) -> Response:
        response = super().succeeded(operation, request, value)
        if operation.id != RESOLVE:
            return response
        return response._replace(status=self.status, body=b"" if self.status == 204 else response.body)


@defect("resolve.answer", difficulty=EASY)
def resolve_answers_nothing() -> WsgiApp:
    """Resolving is answered with 204 and no conversation."""
    return broken(pipeline=type("NoContent", (_Status,), {"status": 204}))


@defect("resolve.answer", difficulty=MEDIUM)
def resolve_answers_202() -> WsgiApp:
    """Resolving is answered with 202."""
    return broken(pipeline=type("Accepted", (_Status,), {"status": 202}))


@defect("resolve.answer", difficulty=MEDIUM)
def resolve_answers_201() -> WsgiApp:
    """Resolving is answered with 201."""
    return broken(pipeline=type("Created", (_Status,), {"status": 201}))


@defect("resolve.answer", difficulty=EASY)
def resolve_answers_the_status_only() -> WsgiApp:
    """Resolving answers an object with nothing but the status."""
    return answered(lambda value, _: {"status": value["status"]})


@defect("resolve.answer", difficulty=EASY)
def resolve_answers_wrapped() -> WsgiApp:
    """Resolving answers the conversation within an object."""
    return answered(lambda value, _: {"conversation": value})


@defect("resolve.answer", difficulty=MEDIUM)
def resolve_answers_without_requester() -> WsgiApp:
    """The answer to resolving has no requester."""
    return answered(lambda value, _: {name: member for name, member in value.items() if name != "requester"})


@defect("resolve.rest-kept", difficulty=MEDIUM)
def resolve_answers_empty_metadata() -> WsgiApp:
    """The answer to resolving has empty metadata; nothing is lost."""
    return answered(lambda value, _: value | {"metadata": {}})


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_answers_another() -> WsgiApp:
    """The answer to resolving has the subject of the organisation's latest conversation."""
    return besides(
        lambda rules, caller, checked, done: done._replace(
            subject=next(iter(rules.store.conversations(caller.organisation))).subject
        )
    )


@defect("resolve.answer", difficulty=MEDIUM)
def resolve_needs_a_body() -> WsgiApp:
    """Resolving without a body is refused with 400."""

    class NeedsBody(Validator):
        def read(self, request: Request, operation: Operation) -> CheckedRequest:
            if operation.id == RESOLVE and not body_of(request):
                raise HttpRefusal(400, "A body is needed.")
            return super().read(request, operation)

    return broken(validator=NeedsBody)


@defect("resolve.answer", difficulty=MEDIUM)
def resolve_needs_a_message() -> WsgiApp:
    """A conversation without messages cannot be resolved."""
    return refusing(lambda rules, conversation: not len(rules.store.messages(conversation.id)))


@defect("resolve.answer", difficulty=MEDIUM)
def resolve_not_urgent_ones() -> WsgiApp:
    """Urgent conversations cannot be resolved."""
    return refusing(lambda rules, conversation: conversation.priority == "urgent")


@defect("resolve.answer", "any.no-server-error", difficulty=MEDIUM)
def resolve_not_anonymous_ones() -> WsgiApp:
    """Resolving a conversation of an anonymous user is answered with 500, since there is nobody to write to."""
    return refusing(lambda rules, conversation: conversation.requester.anonymous, 500)


@defect("resolve.answer", difficulty=RARE, effort="standard")
def resolve_not_long_ones() -> WsgiApp:
    """A conversation with more than ten messages cannot be resolved."""
    return refusing(lambda rules, conversation: len(rules.store.messages(conversation.id)) > 10)


@defect("resolve.answer", difficulty=RARE)
def resolve_twice_answers_a_part() -> WsgiApp:
    """Who resolves a closed conversation is answered its id and status, and nothing else."""
    seen: set[str] = set()

    def rewrite(value: dict[str, Any], event: Event) -> Any:
        again = value["id"] in seen
        seen.add(value["id"])
        return {"id": value["id"], "status": value["status"]} if again else value

    return answered(rewrite)


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_answers_a_short_subject() -> WsgiApp:
    """The answer to resolve cuts a subject after 100 characters."""
    return answered(lambda value, event: {**value, "subject": value["subject"][:100]})


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_answers_an_escaped_subject() -> WsgiApp:
    """The answer to a resolve has its subject escaped for HTML."""
    return answered(lambda shown, _: shown | {"subject": html.escape(shown["subject"])})
