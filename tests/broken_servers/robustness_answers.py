"""Servers whose answers are not the JSON that they should be."""

import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from broken_servers.list_seams import rewritten
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, LIST, MESSAGES, RESOLVE, SEND, answering, broken, in_chunks
from mockserver.answers import Answer, Call
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


class _Answers(Pipeline):
    """A pipeline whose answers are changed at the end, each by `change`."""

    @staticmethod
    def change(answer: Answer, operation: str) -> Answer:
        return answer

    def answer(self, operation: Operation, call: Call) -> Answer:
        return self.change(super().answer(operation, call), operation.id)


def answers(change: Callable[[Answer, str], Answer], **parts: Any) -> WsgiApp:
    """A server whose answers are changed after they were made."""
    return broken(pipeline=type("Changed", (_Answers,), {"change": staticmethod(change)}), **parts)


def typed(answer: Answer, media_type: str) -> Answer:
    return answer._replace(headers={**answer.headers, "Content-Type": media_type})


@defect("robustness-html-refusals", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Bodies that are not as documented are refused by a page of HTML."""

    def change(answer: Answer, operation: str) -> Answer:
        return Answer(400, b"<h1>Bad Request</h1>", {"Content-Type": "text/html"}) if answer.status == 400 else answer

    return answers(change)


@defect("robustness-html-not-found", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation that does not exist is answered by a page of HTML."""

    def change(answer: Answer, operation: str) -> Answer:
        return Answer(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}) if answer.status == 404 else answer

    return answers(change)


@defect("robustness-text-forbidden", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key is refused on resolve by plain text."""

    def change(answer: Answer, operation: str) -> Answer:
        return Answer(403, b"Forbidden", {"Content-Type": "text/plain"}) if answer.status == 403 else answer

    return answers(change)


@defect("robustness-json-as-html", "any.json", difficulty=EASY)
def _() -> WsgiApp:
    """Answers are JSON and say that they are text/html."""
    return answers(lambda answer, operation: typed(answer, "text/html; charset=utf-8"))


@defect("robustness-list-as-text", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The list of messages says that it is text/plain."""
    return answers(lambda answer, operation: typed(answer, "text/plain") if operation == MESSAGES else answer)


@defect("robustness-no-content-type", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answer to resolving does not say what it is."""

    def change(answer: Answer, operation: str) -> Answer:
        return answer._replace(headers={}) if operation == RESOLVE and answer.status == 200 else answer

    return answers(change)


@defect("robustness-byte-order-mark", "any.json", difficulty=RARE)
def _() -> WsgiApp:
    """Lists begin with a byte order mark."""

    def change(answer: Answer, operation: str) -> Answer:
        return answer._replace(body=b"\xef\xbb\xbf" + answer.body) if operation == LIST else answer

    return answers(change)


@defect("robustness-latin-1", "any.json", "create.text-exact", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Answers that Latin-1 can say are written in it."""

    def change(answer: Answer, operation: str) -> Answer:
        try:
            return answer._replace(body=answer.body.decode().encode("latin-1"))
        except UnicodeEncodeError:
            return answer

    return answers(change)


@defect("robustness-single-quotes", "any.json", difficulty=EASY)
def _() -> WsgiApp:
    """The answer to a message is written as Python writes a dictionary."""

    def change(answer: Answer, operation: str) -> Answer:
        done = operation == SEND and answer.status == 201
        return answer._replace(body=str(json.loads(answer.body)).encode()) if done else answer

    return answers(change)


@defect("robustness-cut-answers", "any.json", "list.answer", difficulty=RARE)
def _() -> WsgiApp:
    """Answers end after 64 KiB."""
    return answers(lambda answer, operation: answer._replace(body=answer.body[:65536]))


@defect("robustness-null-for-priority", "create.answer", "get.answer", "create.priority-default", difficulty=RARE)
def _() -> WsgiApp:
    """A default priority is answered as null."""

    def rewrite(value: Any, event: Any) -> Any:
        return value | {"priority": None} if value["priority"] == "normal" else value

    return broken(pipeline=answering(rewrite, GET))


@defect("robustness-json-in-json", "get.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation is read as a text that holds its JSON."""
    return broken(pipeline=answering(lambda value, _: json.dumps(value), GET))


@defect("robustness-text-before-json", "any.json", difficulty=RARE)
def _() -> WsgiApp:
    """A warning of the interpreter comes before the JSON of lists with an offset."""

    def rewrite(response: Response, environ: dict[str, Any]) -> Response:
        if "offset=" in environ.get("QUERY_STRING", "") and response.status_code == 200:
            response.data = b"<b>Warning</b>: undefined variable\n" + response.data
        return response

    return rewritten(broken(), rewrite)


@defect("robustness-utf-16", "any.json", difficulty=RARE)
def _() -> WsgiApp:
    """Lists of messages are written in UTF-16, and say so."""
    return encoded(lambda text: text.encode("utf-16"), "messages/", "application/json; charset=utf-16")


@defect("robustness-cesu-8", "any.json", "get.as-created", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Characters of four bytes are written as two of three, as one data base does."""

    def pairs(text: str) -> bytes:
        units = text.encode("utf-16-le")
        letters = (int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2))
        return "".join(map(chr, letters)).encode("utf-8", "surrogatepass")

    return encoded(pairs, "")


@defect("robustness-lists-garbled-in-chunks", "any.json", "list.items-as-get", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """Lists are re-encoded 4,096 bytes at a time, and a character that lies across is garbled."""
    return encoded(lambda text: in_chunks(text, 4096).encode(), "conversations/")


def encoded(encode: Callable[[str], bytes], end: str, media: str = "application/json") -> WsgiApp:
    """A server that encodes its answers otherwise, at paths that end so."""

    def change(response: Response, environ: dict[str, Any]) -> Response:
        if response.status_code == 200 and environ["PATH_INFO"].endswith(end) and response.data:
            response.data = encode(response.get_data(as_text=True))
            response.headers["Content-Type"] = media
        return response

    return rewritten(broken(), change)


@defect("robustness-trailing-comma", "any.json", difficulty=RARE)
def _() -> WsgiApp:
    """In the list of messages there is a comma after the last one."""
    return encoded(lambda text: text.replace("}]}", "},]}").encode(), "messages/")


@defect("robustness-two-values", "any.json", difficulty=RARE)
def _() -> WsgiApp:
    """The answer to resolving is followed by that of the code after it, which should not have run."""
    return encoded(lambda text: f'{text}{{"detail": "Not found."}}'.encode(), "resolve/")


@defect("robustness-nan", "any.json", "list.answer", difficulty=RARE)
def _() -> WsgiApp:
    """The count of an empty list is NaN."""
    return encoded(lambda text: text.replace('"count":0', '"count":NaN').encode(), "conversations/")
