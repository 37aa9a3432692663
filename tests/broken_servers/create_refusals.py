"""Servers that refuse a create and store something all the same, or refuse it in the wrong way."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken_servers.list_seams import then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, body_of, broken, ignoring, receiving, refusing
from mockserver.answers import Answer, Call
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.schema import Violation
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


# --- refused, and created ---------------------------------------------------------------------------------------------------------


def stored_although(when: Callable[[Violation], bool], **members: Any) -> type[Pipeline]:
    """A pipeline that refuses a create for some violation after it was stored, with these members in the place of what was sent."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and any(when(violation) for violation in refusal.violations):
                caller = self.authenticate(call, operation)
                body = json.loads(body_of(call) or b"{}")
                request = Request("", {}, {"subject": "", **shaped(body), **members})
                with self.store.transaction():
                    self.conversations.create(caller, request)
            return super().refused(operation, call, refusal)

    return Storing


SHAPES: dict[str, type] = {
    **dict.fromkeys(("subject", "user_email", "description", "user_first_name", "user_last_name", "priority", "channel"), str),
    "metadata": dict,
}


def shaped(body: dict[str, Any]) -> dict[str, Any]:
    """The members that are of their documented types."""
    return {name: value for name, value in body.items() if name in SHAPES and isinstance(value, SHAPES[name])}


@defect("refusals-too-long-and-stored", "create.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject that is too long is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "maxLength"))


@defect("refusals-without-subject-and-stored", "create.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A create without a subject is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "required"))


@defect("refusals-wrong-type-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata that is no object is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "metadata"))


@defect("refusals-undocumented-channel-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """An undocumented channel is refused after the conversation was stored with the default one."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "channel", channel="api"))


@defect("refusals-malformed-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A body that is not JSON is refused, and an empty conversation is stored."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and refusal.detail.startswith("The body is not JSON"):
                with self.store.transaction():
                    self.conversations.create(self.authenticate(call, operation), Request("", {}, {"subject": ""}))
            return super().refused(operation, call, refusal)

    return broken(pipeline=Storing)


@defect("refusals-user-remains", "create.refusal-changes-nothing", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A create that is refused for its subject has made the user, with the names it gave."""

    class Users(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and any(violation.field == "subject" for violation in refusal.violations):
                caller = self.authenticate(call, operation)
                body = json.loads(body_of(call) or b"{}")
                with self.store.transaction():
                    self.conversations.requester(caller.organisation, shaped(body))
            return super().refused(operation, call, refusal)

    return broken(pipeline=Users)


@defect("refusals-priority-refused-and-stored", "create.refusal-changes-nothing", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An undocumented priority is refused after the conversation was stored with it."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "enum"))


# --- refused in the wrong way -----------------------------------------------------------------------------------------------------


@defect("refusals-too-long-is-200", "create.subject-too-long", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject that is too long is answered with 200 and an error in the body."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        long = any(violation.keyword == "maxLength" for violation in refusal.violations)
        return answer._replace(status=200) if long else answer

    return broken(pipeline=refusing(change))


@defect(
    "refusals-without-subject-is-500", "create.subject-required", "create.required-members", "any.no-server-error", difficulty=EASY
)
def _() -> WsgiApp:
    """A create without a subject is answered with 500."""
    return broken(validator=ignoring("required", member="subject"))


@defect("refusals-null-subject-is-500", "create.subject-required", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject that is null is answered with 500; a missing one is refused."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "subject": members["subject"] + ""} if "subject" in members else members

    return broken(validator=receiving(change))


# --- refused, and something else done ---------------------------------------------------------------------------------------------


def besides(do: Callable[[Any, Any, dict[str, Any]], Any]) -> type[Pipeline]:
    """A pipeline that does something else when it refuses a create whose body is an object: `do` gets the rules, the caller
    and the members that are of their documented types."""

    class Doing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and refusal.violations:
                caller = self.authenticate(call, operation)
                body = json.loads(body_of(call) or b"{}")
                with self.store.transaction():
                    do(self.conversations, caller, shaped(body if isinstance(body, dict) else {}))
            return super().refused(operation, call, refusal)

    return Doing


@defect("refusals-names-overwritten", "create.refusal-changes-nothing", "create.existing-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A create that is refused has given a user who exists the names in it."""

    def rename(rules: Any, caller: Any, body: dict[str, Any]) -> None:
        user = rules.look_up(caller.organisation, body["user_email"]) if "user_email" in body else None
        for one in rules.store.conversations(caller.organisation, user.id) if user else ():
            named = one.requester._replace(first_name=body.get("user_first_name", one.requester.first_name))
            rules.store.replace_conversation(one._replace(requester=named))

    return broken(pipeline=besides(rename))


@defect("refusals-close-the-latest", "create.refusal-changes-nothing", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A create that is refused makes the requester's latest conversation pending."""

    def pend(rules: Any, caller: Any, body: dict[str, Any]) -> None:
        user = rules.look_up(caller.organisation, body["user_email"]) if "user_email" in body else None
        for one in [*rules.store.conversations(caller.organisation, user.id)][:1] if user else ():
            rules.store.replace_conversation(one._replace(status="pending"))

    return broken(pipeline=besides(pend))


@defect("refusals-first-name-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A first name that is no text is refused after the conversation was stored without it."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "user_first_name"))


@defect("refusals-list-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A list of bodies is refused, and the conversations in it are stored."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and refusal.status in (400, 422):
                try:
                    bodies = json.loads(body_of(call) or b"{}")
                except (ValueError, RecursionError):
                    bodies = None
                for body in bodies if isinstance(bodies, list) else ():
                    with self.store.transaction():
                        request = Request("", {}, {"subject": "", **shaped(body if isinstance(body, dict) else {})})
                        self.conversations.create(self.authenticate(call, operation), request)
            return super().refused(operation, call, refusal)

    return broken(pipeline=Storing)


@defect("refusals-unlisted-and-counted", "create.refusal-changes-nothing", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """A create that is refused is counted with the requester's conversations, though it is on no page."""
    refused: dict[str, int] = {}

    def count(rules: Any, caller: Any, body: dict[str, Any]) -> None:
        if "user_email" in body:
            refused[body["user_email"]] = refused.get(body["user_email"], 0) + 1

    def listed(rules: Any, caller: Any, request: Request, page: Any) -> Any:
        return replace(page, count=page.count + refused.get(request.query.get("user_email") or "", 0))

    return broken(pipeline=besides(count), conversations=then("list", listed))
