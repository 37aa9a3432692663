"""Servers whose answers are not the JSON that they should be."""

import gzip
import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response as WerkzeugResponse

from mockserver.contract.document import Operation
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import GET, LIST, MESSAGES, RESOLVE, SEND, answering, broken, in_chunks
from tests.defects.kit.rules import rewritten
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


class _Answers(Pipeline):
    """A pipeline whose answers are changed at the end, each by `change`."""

    @staticmethod
    def change(response: Response, operation: str) -> Response:
        return response

    def respond(self, operation: Operation, request: Request) -> Response:
        return self.change(super().respond(operation, request), operation.id)


def responses(change: Callable[[Response, str], Response], **parts: Any) -> WsgiApp:
    """A server whose answers are changed after they were made."""
    return broken(pipeline=type("Changed", (_Answers,), {"change": staticmethod(change)}), **parts)


def typed(response: Response, media_type: str) -> Response:
    return response._replace(headers={**response.headers, "Content-Type": media_type})


@defect("any.json", difficulty=MEDIUM)
def robustness_html_refusals() -> WsgiApp:
    """Bodies that are not as documented are refused by a page of HTML."""

    def change(response: Response, operation: str) -> Response:
        return Response(400, b"<h1>Bad Request</h1>", {"Content-Type": "text/html"}) if response.status == 400 else response

    return responses(change)


@defect("any.json", difficulty=MEDIUM)
def robustness_html_not_found() -> WsgiApp:
    """A conversation that does not exist is answered by a page of HTML."""

    def change(response: Response, operation: str) -> Response:
        return Response(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}) if response.status == 404 else response

    return responses(change)


@defect("any.json", difficulty=MEDIUM)
def robustness_text_forbidden() -> WsgiApp:
    """A client key is refused on resolve by plain text."""

    def change(response: Response, operation: str) -> Response:
        return Response(403, b"Forbidden", {"Content-Type": "text/plain"}) if response.status == 403 else response

    return responses(change)


@defect("any.json", difficulty=EASY)
def robustness_json_as_html() -> WsgiApp:
    """Answers are JSON and say that they are text/html."""
    return responses(lambda response, operation: typed(response, "text/html; charset=utf-8"))


@defect("any.json", difficulty=MEDIUM)
def robustness_list_as_text() -> WsgiApp:
    """The list of messages says that it is text/plain."""
    return responses(lambda response, operation: typed(response, "text/plain") if operation == MESSAGES else response)


@defect("any.json", difficulty=MEDIUM)
def robustness_no_content_type() -> WsgiApp:
    """The answer to resolving does not say what it is."""

    def change(response: Response, operation: str) -> Response:
        return response._replace(headers={}) if operation == RESOLVE and response.status == 200 else response

    return responses(change)


@defect("any.json", difficulty=RARE)
def robustness_byte_order_mark() -> WsgiApp:
    """Lists begin with a byte order mark."""

    def change(response: Response, operation: str) -> Response:
        return response._replace(body=b"\xef\xbb\xbf" + response.body) if operation == LIST else response

    return responses(change)


@defect("any.json", "create.text-exact", "get.as-created", difficulty=MEDIUM)
def robustness_latin_1() -> WsgiApp:
    """Answers that Latin-1 can say are written in it."""

    def change(response: Response, operation: str) -> Response:
        try:
            return response._replace(body=response.body.decode().encode("latin-1"))
        except UnicodeEncodeError:
            return response

    return responses(change)


@defect("any.json", difficulty=EASY)
def robustness_single_quotes() -> WsgiApp:
    """The answer to a message is written as Python writes a dictionary."""

    def change(response: Response, operation: str) -> Response:
        done = operation == SEND and response.status == 201
        return response._replace(body=str(json.loads(response.body)).encode()) if done else response

    return responses(change)


@defect("any.json", "list.answer", difficulty=RARE)
def robustness_cut_answers() -> WsgiApp:
    """Answers end after 64 KiB."""
    return responses(lambda response, operation: response._replace(body=response.body[:65536]))


@defect("create.answer", "get.answer", "create.priority-default", difficulty=RARE)
def robustness_null_for_priority() -> WsgiApp:
    """A default priority is answered as null."""

    def rewrite(value: Any, event: Any) -> Any:
        return value | {"priority": None} if value["priority"] == "normal" else value

    return broken(pipeline=answering(rewrite, GET))


@defect("get.answer", difficulty=MEDIUM)
def robustness_json_in_json() -> WsgiApp:
    """A conversation is read as a text that holds its JSON."""
    return broken(pipeline=answering(lambda value, _: json.dumps(value), GET))


@defect("any.json", difficulty=RARE)
def robustness_text_before_json() -> WsgiApp:
    """A warning of the interpreter comes before the JSON of lists with an offset."""

    def rewrite(response: WerkzeugResponse, environ: dict[str, Any]) -> WerkzeugResponse:
        if "offset=" in environ.get("QUERY_STRING", "") and response.status_code == 200:
            response.data = b"<b>Warning</b>: undefined variable\n" + response.data
        return response

    return rewritten(broken(), rewrite)


@defect("any.json", difficulty=RARE)
def robustness_utf_16() -> WsgiApp:
    """Lists of messages are written in UTF-16, and say so."""
    return encoded(lambda text: text.encode("utf-16"), "messages/", "application/json; charset=utf-16")


@defect("any.json", "get.as-created", "messages.body-exact", difficulty=RARE)
def robustness_cesu_8() -> WsgiApp:
    """Characters of four bytes are written as two of three, as one data base does."""

    def pairs(text: str) -> bytes:
        units = text.encode("utf-16-le")
        letters = (int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2))
        return "".join(map(chr, letters)).encode("utf-8", "surrogatepass")

    return encoded(pairs, "")


@defect("any.json", "list.items-as-get", "list.email-filter", difficulty=RARE)
def robustness_lists_garbled_in_chunks() -> WsgiApp:
    """Lists are re-encoded 4,096 bytes at a time, and a character that lies across is garbled."""
    return encoded(lambda text: in_chunks(text, 4096).encode(), "conversations/")


def encoded(encode: Callable[[str], bytes], end: str, media: str = "application/json") -> WsgiApp:
    """Make a server that encodes its responses otherwise, at paths that end with `end`."""

    def change(response: WerkzeugResponse, environ: dict[str, Any]) -> WerkzeugResponse:
        if response.status_code == 200 and environ["PATH_INFO"].endswith(end) and response.data:
            response.data = encode(response.get_data(as_text=True))
            response.headers["Content-Type"] = media
        return response

    return rewritten(broken(), change)


@defect("any.json", difficulty=RARE)
def robustness_trailing_comma() -> WsgiApp:
    """In the list of messages there is a comma after the last one."""
    return encoded(lambda text: text.replace("}]}", "},]}").encode(), "messages/")


@defect("any.json", difficulty=RARE)
def robustness_two_values() -> WsgiApp:
    """The answer to resolving is followed by that of the code after it, which should not have run."""
    return encoded(lambda text: f'{text}{{"detail": "Not found."}}'.encode(), "resolve/")


@defect("any.json", "list.answer", difficulty=RARE)
def robustness_nan() -> WsgiApp:
    """The count of an empty list is NaN."""
    return encoded(lambda text: text.replace('"count":0', '"count":NaN').encode(), "conversations/")


@defect("any.json", difficulty=RARE)
def robustness_gzip_cut() -> WsgiApp:
    """Long lists of messages are compressed by gzip, and cut eight bytes before the end."""
    return compressed(lambda body: gzip.compress(body)[:-8])


@defect("any.json", difficulty=RARE)
def robustness_gzip_damaged() -> WsgiApp:
    """Long lists of messages are compressed by gzip, with the checksum of something else."""
    return compressed(lambda body: gzip.compress(body)[:-8] + gzip.compress(b"else")[-8:])


@defect("any.json", difficulty=RARE)
def robustness_gzip_only_said() -> WsgiApp:
    """Long lists of messages are said to be compressed, and are not."""
    return compressed(lambda body: body)


def compressed(compress: Callable[[bytes], bytes]) -> WsgiApp:
    """A server that compresses lists of messages of more than 2,000 bytes in its own way, where the client accepts gzip."""

    def change(response: WerkzeugResponse, environ: dict[str, Any]) -> WerkzeugResponse:
        listing = environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].endswith("messages/")
        if listing and len(response.data) > 2_000 and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            response.data = compress(response.data)
            response.headers["Content-Encoding"] = "gzip"
        return response

    return rewritten(broken(), change)
