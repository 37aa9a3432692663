"""Servers that refuse a create and store something all the same, or refuse it in the wrong way."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.contract.document import Operation
from mockserver.contract.schema import Violation
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, body_of, broken, ignoring, receiving, refusing, status_of
from tests.defects.kit.rules import then
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- refused, and created ---------------------------------------------------------------------------------------------------------


def stored_although(when: Callable[[Violation], bool], **members: Any) -> type[Pipeline]:
    """Return a pipeline that stores a create before it refuses it for some violation; `members` replace what was sent."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and any(when(violation) for violation in refusal.violations):
                caller = self.authenticate(request, operation)
                body = json.loads(body_of(request) or b"{}")
                checked = CheckedRequest("", {}, {"subject": "", **shaped(body), **members})
                with self.store.transaction():
                    self.conversations.create(caller, checked)
            return super().refused(operation, request, refusal)

    return Storing


SHAPES: dict[str, type] = {
    **dict.fromkeys(("subject", "user_email", "description", "user_first_name", "user_last_name", "priority", "channel"), str),
    "metadata": dict,
}


def shaped(body: dict[str, Any]) -> dict[str, Any]:
    """Return the members whose values have the documented types."""
    return {name: value for name, value in body.items() if name in SHAPES and isinstance(value, SHAPES[name])}


@defect("create.refusal-changes-nothing", difficulty=MEDIUM)
def refusals_too_long_and_stored() -> WsgiApp:
    """A subject that is too long is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "maxLength"))


@defect("create.refusal-changes-nothing", difficulty=MEDIUM)
def refusals_without_subject_and_stored() -> WsgiApp:
    """A create without a subject is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "required"))


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_wrong_type_and_stored() -> WsgiApp:
    """Metadata that is no object is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "metadata"))


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_undocumented_channel_and_stored() -> WsgiApp:
    """An undocumented channel is refused after the conversation was stored with the default one."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "channel", channel="api"))


def stored_when_malformed(subject: str, *tiers: str) -> WsgiApp:
    """A server that stores an anonymous conversation before it refuses a body that is not JSON, for keys of these tiers."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and refusal.detail.startswith("The body is not JSON"):
                caller = self.authenticate(request, operation)
                if caller.key.tier in tiers:
                    with self.store.transaction():
                        self.conversations.create(caller, CheckedRequest("", {}, {"subject": subject}))
            return super().refused(operation, request, refusal)

    return broken(pipeline=Storing)


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_malformed_and_stored() -> WsgiApp:
    """A body that is not JSON is refused, and an empty conversation is stored."""
    return stored_when_malformed("", "server", "client")


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_malformed_and_stored_for_clients() -> WsgiApp:
    """A body that is not JSON is refused, and with a client key a conversation "(unparsed)" of nobody is stored."""
    return stored_when_malformed("(unparsed)", "client")


@defect("create.refusal-changes-nothing", "create.new-user-names", difficulty=RARE)
def refusals_user_remains() -> WsgiApp:
    """A create that is refused for its subject has made the user, with the names it gave."""

    class Users(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and any(violation.field == "subject" for violation in refusal.violations):
                caller = self.authenticate(request, operation)
                body = json.loads(body_of(request) or b"{}")
                with self.store.transaction():
                    self.conversations.requester(caller.organisation, shaped(body))
            return super().refused(operation, request, refusal)

    return broken(pipeline=Users)


@defect("create.refusal-changes-nothing", "create.undocumented-values", difficulty=MEDIUM)
def refusals_priority_refused_and_stored() -> WsgiApp:
    """An undocumented priority is refused after the conversation was stored with it."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "enum"))


# --- refused in the wrong way -----------------------------------------------------------------------------------------------------


@defect("create.subject-too-long", difficulty=MEDIUM)
def refusals_too_long_is_200() -> WsgiApp:
    """A subject that is too long is answered with 200 and an error in the body."""

    def change(response: Response, refusal: Refusal) -> Response:
        long = any(violation.keyword == "maxLength" for violation in refusal.violations)
        return response._replace(status=200) if long else response

    return broken(pipeline=refusing(change))


@defect("create.subject-required", "create.required-members", "any.no-server-error", difficulty=EASY)
def refusals_without_subject_is_500() -> WsgiApp:
    """A create without a subject is answered with 500."""
    return broken(validator=ignoring("required", member="subject"))


@defect("create.subject-required", "any.no-server-error", difficulty=MEDIUM)
def refusals_null_subject_is_500() -> WsgiApp:
    """A subject that is null is answered with 500; a missing one is refused."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "subject": members["subject"] + ""} if "subject" in members else members

    return broken(validator=receiving(change))


# --- refused, and something else done ---------------------------------------------------------------------------------------------


def besides(do: Callable[[Any, Any, dict[str, Any]], Any]) -> type[Pipeline]:
    """Return a pipeline that also does something else when it refuses a create: `do` gets the rules, the caller
    and the members of the body that have the documented types."""

    class Doing(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and refusal.violations:
                caller = self.authenticate(request, operation)
                body = json.loads(body_of(request) or b"{}")
                with self.store.transaction():
                    do(self.conversations, caller, shaped(body if isinstance(body, dict) else {}))
            return super().refused(operation, request, refusal)

    return Doing


@defect("create.refusal-changes-nothing", "create.existing-user-names", difficulty=RARE)
def refusals_names_overwritten() -> WsgiApp:
    """A create that is refused has given a user who exists the names in it."""

    def rename(rules: Any, caller: Any, body: dict[str, Any]) -> None:
        user = rules.look_up(caller.organisation, body["user_email"]) if "user_email" in body else None
        for one in rules.store.conversations(caller.organisation, user.id) if user else ():
            named = one.requester._replace(first_name=body.get("user_first_name", one.requester.first_name))
            rules.store.replace_conversation(one._replace(requester=named))

    return broken(pipeline=besides(rename))


@defect("create.refusal-changes-nothing", "any.durable", difficulty=RARE)
def refusals_close_the_latest() -> WsgiApp:
    """A create that is refused makes the requester's latest conversation pending."""

    def pend(rules: Any, caller: Any, body: dict[str, Any]) -> None:
        user = rules.look_up(caller.organisation, body["user_email"]) if "user_email" in body else None
        for one in [*rules.store.conversations(caller.organisation, user.id)][:1] if user else ():
            rules.store.replace_conversation(one._replace(status="pending"))

    return broken(pipeline=besides(pend))


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_first_name_and_stored() -> WsgiApp:
    """A first name that is no text is refused after the conversation was stored without it."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "user_first_name"))


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_list_and_stored() -> WsgiApp:
    """A list of bodies is refused, and the conversations in it are stored."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and status_of(refusal) in (400, 422):
                try:
                    bodies = json.loads(body_of(request) or b"{}")
                except (ValueError, RecursionError):
                    bodies = None
                for body in bodies if isinstance(bodies, list) else ():
                    with self.store.transaction():
                        checked = CheckedRequest("", {}, {"subject": "", **shaped(body if isinstance(body, dict) else {})})
                        self.conversations.create(self.authenticate(request, operation), checked)
            return super().refused(operation, request, refusal)

    return broken(pipeline=Storing)


@defect("create.refusal-changes-nothing", "list.count", difficulty=RARE)
def refusals_unlisted_and_counted() -> WsgiApp:
    """A create that is refused is counted with the requester's conversations, though it is on no page."""
    refused: dict[str, int] = {}

    def count(rules: Any, caller: Any, body: dict[str, Any]) -> None:
        if "user_email" in body:
            refused[body["user_email"]] = refused.get(body["user_email"], 0) + 1

    def listed(rules: Any, caller: Any, checked: CheckedRequest, page: Any) -> Any:
        return replace(page, count=page.count + refused.get(checked.query.get("user_email") or "", 0))

    return broken(pipeline=besides(count), conversations=then("list", listed))


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_fill_the_next_create() -> WsgiApp:
    """What a refused create gave is kept in its form, and fills in what the next one leaves out."""
    form: dict[str, Any] = {}

    class Filling(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and refusal.violations:
                body = json.loads(body_of(request))
                if isinstance(body, dict):
                    form.update({name: body[name] for name in ("priority", "metadata", "user_last_name") if name in body})
            return super().refused(operation, request, refusal)

        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            if operation.id == CREATE:
                checked = checked._replace(body={**form, **checked.body})
                form.clear()
            return super().handle(operation, caller, checked, request)

    return broken(pipeline=Filling)


@defect("create.refusal-changes-nothing", difficulty=RARE)
def refusals_leave_a_draft() -> WsgiApp:
    """A create whose subject is too long is refused, and has left an anonymous conversation with what fits of it."""

    class Draft(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and any(one.keyword == "maxLength" for one in refusal.violations):
                subject = str(json.loads(body_of(request))["subject"])[:500]
                first = next(iter(self.authenticator.keys))
                with self.store.transaction():
                    self.conversations.create(Caller(first, "apiKey"), CheckedRequest("", {}, {"subject": subject}))
            return super().refused(operation, request, refusal)

    return broken(pipeline=Draft)
