"""Servers that count the characters of a subject wrongly, or do without a subject."""

import html
from collections.abc import Callable
from typing import Any

from mockserver.handling.errors import HttpRefusal
from mockserver.handling.validation import Validator
from mockserver.model.refusal import invalid_value
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import storing
from tests.defects.kit.parts import CREATE, Event, broken, handling, ignoring, receiving
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("create.subject-longest", "create.whole-or-refused", difficulty=EASY)
def text_subject_255() -> WsgiApp:
    """A subject is cut after 255 characters."""
    return storing("subject", lambda text: text[:255])


@defect("create.subject-longest", difficulty=MEDIUM)
def text_subject_499() -> WsgiApp:
    """A subject of 500 characters is cut by one."""
    return storing("subject", lambda text: text[:499])


@defect("create.subject-longest", difficulty=MEDIUM)
def text_subject_bytes() -> WsgiApp:
    """A subject may have 500 bytes and not 500 characters: a long one with umlauts is refused."""

    class Bytes(Validator):
        def empty_texts(self, members: dict[str, Any], body: Any) -> Any:
            subject = members.get("subject")
            if isinstance(subject, str) and len(subject.encode("utf-8", "surrogatepass")) > 500:
                raise invalid_value([])
            return super().empty_texts(members, body)

    return broken(validator=Bytes)


@defect("create.subject-longest", difficulty=RARE)
def text_subject_bytes_cut() -> WsgiApp:
    """A subject is cut after 500 bytes, at a character."""
    return storing("subject", lambda text: text.encode("utf-8", "ignore")[:500].decode("utf-8", "ignore"))


@defect("create.subject-longest", difficulty=MEDIUM)
def text_subject_longest_refused() -> WsgiApp:
    """A subject of exactly 500 characters is refused: less than is not at most."""

    class LessThan(Validator):
        def empty_texts(self, members: dict[str, Any], body: Any) -> Any:
            if isinstance(members.get("subject"), str) and len(members["subject"]) >= 500:
                raise invalid_value([])
            return super().empty_texts(members, body)

    return broken(validator=LessThan)


@defect("create.subject-longest", difficulty=RARE)
def text_subject_longest_refused_to_clients() -> WsgiApp:
    """A client key may give 250 characters of subject."""

    def handled(event: Event) -> Event | None:
        if event.tier == "client" and len(event.body["subject"]) > 250:
            raise invalid_value([])
        return None

    return broken(pipeline=handling(handled, CREATE))


@defect("create.subject-too-long", difficulty=EASY)
def text_subject_any_length() -> WsgiApp:
    """A subject may be as long as it likes."""
    return broken(validator=ignoring("maxLength", member="subject"))


@defect("create.subject-too-long", difficulty=MEDIUM)
def text_subject_501() -> WsgiApp:
    """A subject of 501 characters is accepted, whole."""
    return broken(validator=longest(lambda text: len(text) <= 501))


@defect("create.subject-too-long", difficulty=EASY)
def text_subject_too_long_is_cut() -> WsgiApp:
    """A longer subject is cut to 500 characters, and accepted."""
    return broken(validator=receiving(cut_to_500))


@defect("create.subject-too-long", difficulty=RARE)
def text_subject_too_long_in_two_bytes() -> WsgiApp:
    """The length of a subject is checked only where it is ASCII."""
    return broken(validator=longest(lambda text: not text.isascii()))


@defect("create.subject-too-long", difficulty=RARE)
def text_subject_too_long_with_spaces() -> WsgiApp:
    """Spaces within a subject are not counted."""
    return broken(validator=longest(lambda text: len(text.replace(" ", "")) <= 500))


@defect("create.subject-too-long", difficulty=RARE)
def text_subject_far_too_long() -> WsgiApp:
    """The column is text of 64 KiB: up to 10,000 characters are refused, and a longer subject is accepted."""
    return broken(validator=longest(lambda text: len(text) > 10_000))


def longest(accepted: Callable[[str], bool]) -> type[Validator]:
    """A validator that accepts some subjects that are too long."""

    class Longest(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            for violation in super().violations(members, body):
                if (violation.field, violation.keyword) != ("subject", "maxLength") or not accepted(members["subject"]):
                    yield violation

    return Longest


def cut_to_500(members: dict[str, Any]) -> dict[str, Any]:
    """The members with a subject of at most 500 characters."""
    subject = members.get("subject")
    return {**members, "subject": subject[:500]} if isinstance(subject, str) else members


@defect("create.subject-required", difficulty=MEDIUM)
def text_subject_null_is_none() -> WsgiApp:
    """A subject that is null is stored as the text None."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "subject": "None"} if members.get("subject", "") is None else members

    return broken(validator=receiving(change))


@defect("create.subject-required", "create.required-members", difficulty=EASY)
def text_subject_by_default() -> WsgiApp:
    """Without a subject, one is made up."""
    return broken(validator=receiving(lambda members: {"subject": "New conversation", **members}))


@defect("create.subject-required", difficulty=RARE, effort="standard")
def text_subject_from_description() -> WsgiApp:
    """Where there is a description, the subject may be left out, and is made of it."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {"subject": members["description"][:60], **members} if isinstance(members.get("description"), str) else members

    return broken(validator=receiving(change))


@defect("create.subject-longest", difficulty=RARE)
def text_subject_counted_escaped() -> WsgiApp:
    """A subject is escaped for HTML before its characters are counted."""

    def handled(event: Event) -> None:
        if len(html.escape(event.body["subject"])) > 500:
            raise HttpRefusal(400, "The subject is too long.")

    return broken(pipeline=handling(handled, CREATE))
