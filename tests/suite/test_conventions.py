"""SHOULD requirements: a server that does not meet one is warned of, and conforms all the same."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.wrappers import Response

from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken, refusing
from tests.defects.kit.rules import then
from tests.defects.kit.wrapping import KEYS, Environ, Inner, header, path_of, refusal, sent_keys, wrapped
from tests.harness.trials import try_apart, try_here
from tests.sampling import sample

_MINUTE = 60_000_000


def _touching(operation: str) -> WsgiApp:
    """Make a server on which a read moves updated_at forward by a minute."""

    def effect(rules: Any, caller: Any, request: Any, done: Any) -> None:
        found = rules.find(caller, request.id)
        rules.store.replace_conversation(found._replace(updated_at=found.updated_at + _MINUTE))

    return broken(conversations=then(operation, effect))


def _telling(text: str) -> WsgiApp:
    """Make a server whose refusals contain this text about its internals."""
    return broken(pipeline=refusing(lambda answer, refusal: answer._replace(body=json.dumps({"detail": text}).encode())))


def _foreign(status: int, body: dict[str, Any]) -> WsgiApp:
    """Make a server that lets another organisation know that a conversation exists."""
    known: set[str] = set()

    def around(environ: Environ, inner: Inner) -> Response:
        response = inner()
        if response.status_code == 201 and KEYS.other_server not in sent_keys(environ):
            known.add(json.loads(response.data)["id"])
        hidden = response.status_code == 404 and KEYS.other_server in sent_keys(environ)
        if hidden and known & set(path_of(environ).split("/")):
            return Response(json.dumps(body), status, mimetype="application/json")
        return response

    return wrapped(around)


def _preflight(answer: Callable[[Response], Response]) -> WsgiApp:
    def around(environ: Environ, inner: Inner) -> Response:
        asked = environ["REQUEST_METHOD"] == "OPTIONS" and header(environ, "Access-Control-Request-Method")
        return answer(inner()) if asked else inner()

    return wrapped(around)


def _without_key_header(response: Response) -> Response:
    response.headers["Access-Control-Allow-Headers"] = "*, content-type"
    return response


def _readable_by(origin: str) -> WsgiApp:
    def around(environ: Environ, inner: Inner) -> Response:
        response = inner()
        if environ["REQUEST_METHOD"] != "OPTIONS":
            response.headers.pop("Access-Control-Allow-Origin", None)
            if origin:
                response.headers["Access-Control-Allow-Origin"] = origin
        return response

    return wrapped(around)


SERVERS: dict[str, tuple[str, Callable[[], WsgiApp]]] = {
    "reading touches": ("any.updated-at-kept", lambda: _touching("get")),
    "reading messages touches": ("any.updated-at-kept", lambda: _touching("messages")),
    "a Python trace": ("any.no-internals", lambda: _telling('File "/srv/app/views.py", line 7, in get')),
    "a Java frame": ("any.no-internals", lambda: _telling("at com.example.Helpdesk.get(Helpdesk.java:42)")),
    "a class of a driver": ("any.no-internals", lambda: _telling("psycopg2.errors.UniqueViolation")),
    "a file": ("any.no-internals", lambda: _telling("cannot open /var/www/helpdesk/index.php")),
    "a query": ("any.no-internals", lambda: _telling('SELECT "id" FROM "conversation" WHERE "id" = 7')),
    "forbidden, not unknown": ("isolation.existence", lambda: _foreign(403, {"detail": "This is not yours."})),
    "another member": ("isolation.existence", lambda: _foreign(404, {"detail": "Not found.", "owner": "another"})),
    "no preflight": ("origin.preflight", lambda: _preflight(lambda _: refusal(405, "Not allowed."))),
    "a star for Authorization": ("origin.preflight", lambda: _preflight(_without_key_header)),
    "no header of CORS": ("origin.readable", lambda: _readable_by("")),
    "readable by another": ("origin.readable", lambda: _readable_by("https://elsewhere.example.net")),
}


@pytest.mark.parametrize("name", sample([*SERVERS], every=4))
def test_a_server_that_does_not_is_warned_of(name: str) -> None:
    requirement, make = SERVERS[name]
    trial = try_apart(lambda: try_here(make(), only=(requirement,)))
    assert requirement in trial.warned, trial
    assert trial.failed == []


CONVENTIONS = tuple({requirement for requirement, _ in SERVERS.values()})


def test_one_that_does_is_not() -> None:
    trial = try_apart(lambda: try_here(broken(), only=CONVENTIONS))
    assert (trial.failed, trial.warned, trial.inconclusive) == ([], [], [])


@pytest.mark.parametrize(
    "text",
    [
        "JSON parse error - Expecting value: line 1 column 1 (char 0)",
        "Cannot GET /api/v1/conversations/not-an-id/",
        "Select a valid choice. 'critical' is not one of the available choices.",
        "ValidationError",
        "Input should be a valid string; see https://errors.pydantic.dev/2.9/v/string_type",
        "Please update your subject from the start, where it is empty.",
        "Unexpected token } in JSON at position 12",
    ],
)
def test_what_any_client_may_be_told_is_no_inside(text: str) -> None:
    trial = try_apart(lambda: try_here(_telling(text), only=("any.no-internals",)))
    assert trial.warned == []
