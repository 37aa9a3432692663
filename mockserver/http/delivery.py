"""How a response is to travel: late, slowly, in part, or not at all."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

SLOT = "accord.delivery"
"""The key in an environ at which our own server looks for the response's `Delivery`: a list of none or one.

Other servers, and programs that call the application directly, set no such list and get the response as it is.
"""


SECONDS_BETWEEN_DRIPS = 0.1
"""How often a part of a dripping body is sent."""

_NO_CHUNK = b"this is no chunk\r\n"
_FRAMING = ("content-length", "transfer-encoding", "connection")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happens to a response on its way. Effects are combined: all come after `delay`.

    delay: seconds before anything is sent.
    hang: send nothing, and keep the connection open until the client leaves.
    drop: close the connection instead of sending a response.
    malformed: send status and headers, then bytes that are not HTTP, and close the connection.
    truncate: the part of the body, from 0 up to 1, after which the connection is closed; its Content-Length is that of the whole.
    drip: seconds over which the body is spread.

    Raises ValueError for a value out of range, and for more than one of `hang`, `drop` and `malformed`, or one of them with a
    `truncate` or `drip` that nobody would see.
    """

    delay: float = 0.0
    hang: bool = False
    drop: bool = False
    malformed: bool = False
    truncate: float | None = None
    drip: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.delay < float("inf") or not 0 <= self.drip < float("inf"):
            raise ValueError("delay and drip are seconds, and not negative.")
        if self.truncate is not None and not 0 <= self.truncate < 1:
            raise ValueError("truncate is a part of the body, from 0 up to, but not including, 1.")
        endings = self.hang + self.drop + self.malformed
        if endings > 1 or (endings and (self.drip or self.truncate is not None)):
            raise ValueError("A response hangs, is dropped, is malformed, or is sent in part or slowly: one of these.")

    def pieces(self, body: bytes) -> list[bytes]:
        """Return the part of a body that is sent, split into the pieces that are sent one by one."""
        end = len(body) if self.truncate is None else int(len(body) * self.truncate)
        count = max(1, min(end, int(self.drip / SECONDS_BETWEEN_DRIPS)))
        return [body[end * number // count : end * (number + 1) // count] for number in range(count)]


def head_of(status: int, headers: Iterable[tuple[str, str]], framing: str) -> bytes:
    """Return the head of a response. `framing` is the header that says where the body ends; empty if there is no body."""
    phrase = ""
    with suppress(ValueError):
        phrase = HTTPStatus(status).phrase
    lines = [f"HTTP/1.1 {status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _FRAMING]
    lines += [framing] if framing else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def malformed(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return a response whose headers announce chunks, and whose body is neither in chunks nor of a stated length."""
    return head_of(status, headers, "Transfer-Encoding: chunked") + _NO_CHUNK


def request_delivery(environ: dict[str, Any], delivery: Delivery | None) -> None:
    """Make our own server deliver the response to this request in that way. Does nothing without a delivery or in other servers."""
    if delivery is not None and SLOT in environ:
        environ[SLOT][:] = [delivery]
