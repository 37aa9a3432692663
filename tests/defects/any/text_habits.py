"""Servers with the habits of mail and of sanitizers: what they take off, mask and straighten in a text or in metadata."""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.create.metadata import metadata, scalars
from tests.defects.kit.creating import storing
from tests.defects.kit.parts import broken, decoding, text_of
from tests.defects.messages.bodies import bodies
from tests.defects.registry import Difficulty, defect

RARE = Difficulty.RARE
TEXT, BODY, KEPT = "create.text-exact", "messages.body-exact", "create.metadata-kept"


@defect(TEXT, difficulty=RARE)
def text_subject_without_reply_mark() -> WsgiApp:
    """`Re:` and `Fwd:` at the beginning of a subject are taken off, as a thread of mail has it."""
    return storing("subject", lambda text: re.sub(r"(?i)^((re|fwd?|aw):\s*)+", "", text))


@defect(TEXT, difficulty=RARE)
def text_subject_without_ticket_mark() -> WsgiApp:
    """The mark of a ticket in a subject, `[Ticket #42]`, is taken out: there is a number for that."""
    return storing("subject", lambda text: re.sub(r"\[(ticket )?#\d+\]\s*", "", text, flags=re.IGNORECASE))


@defect(TEXT, difficulty=RARE)
def text_subject_without_number_sign() -> WsgiApp:
    """The sign before a number in a subject is lost: `order #1234` becomes `order 1234`."""
    return storing("subject", lambda text: re.sub(r"#(\d)", r"\1", text))


@defect(TEXT, difficulty=RARE)
def text_subject_without_address() -> WsgiApp:
    """An address in angle brackets is taken out of a subject; other brackets stay."""
    return storing("subject", lambda text: re.sub(r"<[^<>\s]+@[^<>\s]+>", "", text))


@defect(TEXT, difficulty=RARE)
def text_subject_calm() -> WsgiApp:
    """Several exclamation marks in a subject become one."""
    return storing("subject", lambda text: re.sub(r"!{2,}", "!", text))


@defect(TEXT, difficulty=RARE)
def text_subject_half_width() -> WsgiApp:
    """Full-width letters in a subject become ordinary ones, for search."""
    return storing("subject", lambda text: re.sub("[\uff01-\uff5e]", lambda found: chr(ord(found[0]) - 0xFEE0), text))


@defect(TEXT, difficulty=RARE)
def text_subject_hangul_composed() -> WsgiApp:
    """Conjoining letters of Hangul in a subject, as one system writes them, are composed to syllables."""
    return storing("subject", lambda text: re.sub("[\u1100-\u11ff]+", lambda found: unicodedata.normalize("NFC", found[0]), text))


@defect(TEXT, difficulty=RARE)
def text_subject_plain_hearts() -> WsgiApp:
    """The selector that makes a heart an emoji is taken out of a subject."""
    return storing("subject", lambda text: text.replace("\ufe0f", ""))


@defect(BODY, difficulty=RARE)
def messages_body_straight_quotes() -> WsgiApp:
    """Curly quotation marks in a body become straight ones."""
    return bodies(lambda text: text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}))


@defect(BODY, difficulty=RARE)
def messages_body_without_comments() -> WsgiApp:
    """Comments of HTML are taken out of a body; tags stay."""
    return bodies(lambda text: re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))


@defect(BODY, difficulty=RARE)
def messages_body_without_open_tag() -> WsgiApp:
    """What looks like a tag that never closes is cut off a body."""
    return bodies(lambda text: re.sub(r"<[a-zA-Z/!][^>]*$", "", text))


@defect(BODY, difficulty=RARE)
def messages_body_without_scheme() -> WsgiApp:
    """`javascript:` is taken out of a body, wherever it stands."""
    return bodies(lambda text: text.replace("javascript:", ""))


@defect(BODY, difficulty=RARE)
def messages_body_as_in_a_mailbox() -> WsgiApp:
    """A line of a body that begins with `From ` gets a `>` before it, as in a mailbox."""
    return bodies(lambda text: re.sub(r"(?m)^From ", ">From ", text))


@defect(BODY, difficulty=RARE)
def messages_body_marks_thinned() -> WsgiApp:
    """Of combining marks that are piled upon a letter of a body, two stay."""
    return bodies(lambda text: re.sub("([\u0300-\u036f]{2})[\u0300-\u036f]+", r"\1", text))


@defect("messages.whole-or-refused", difficulty=RARE)
def messages_body_lone_returns() -> WsgiApp:
    """A carriage return by itself becomes a line feed in a body; before one it stays."""
    return bodies(lambda text: re.sub(r"\r(?!\n)", "\n", text))


@defect(KEPT, difficulty=RARE)
def metadata_times_of_day() -> WsgiApp:
    """A time of day in metadata loses its leading zero: 09:30 becomes 9:30."""
    return _texts(lambda text: text.lstrip("0") if re.fullmatch(r"\d\d:\d\d", text) else text)


@defect(KEPT, difficulty=RARE)
def metadata_uuids_lower_case() -> WsgiApp:
    """A UUID in metadata comes back in lower case."""
    return _texts(lambda text: text.lower() if re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text) else text)


@defect(KEPT, difficulty=RARE)
def metadata_addresses_lower_case() -> WsgiApp:
    """An e-mail address in metadata comes back in lower case."""
    return _texts(lambda text: text.lower() if re.fullmatch(r"\S+@\S+", text) else text)


@defect(KEPT, difficulty=RARE)
def metadata_links_without_slash() -> WsgiApp:
    """The slash at the end of a link in metadata is lost."""
    return _texts(lambda text: text.rstrip("/") if text.startswith("http") else text)


@defect(KEPT, difficulty=RARE)
def metadata_yes_is_true() -> WsgiApp:
    """`yes` and `no` in metadata are true and false, as YAML has them."""
    return _texts(lambda text: {"yes": True, "no": False}.get(text, text))


@defect(KEPT, difficulty=RARE)
def metadata_unwrapped() -> WsgiApp:
    """Metadata whose only object is called metadata itself is taken out of it."""

    def unwrapped(given: dict[str, Any]) -> dict[str, Any]:
        inner = given.get("metadata")
        return inner if isinstance(inner, dict) else given

    return metadata(unwrapped)


def _texts(change: Any) -> WsgiApp:
    """A server that changes texts in metadata."""
    return metadata(lambda given: scalars(given, lambda item: change(item) if isinstance(item, str) else item))


@defect("create.surrogates", "messages.surrogates", difficulty=RARE)
def text_lone_surrogates_replaced() -> WsgiApp:
    """Half a surrogate in a text becomes the replacement character."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        if b"\\ud" not in data.lower():
            return decode(data)
        whole = text_of(json.loads(data), lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        return decode(json.dumps(whole).encode())

    return broken(validator=decoding(decoded))
