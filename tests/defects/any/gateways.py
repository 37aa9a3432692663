"""Servers behind a gateway that looks at cookies, origins, caches, validators and paths, but not enough at keys."""

import hashlib
import io
import json
import posixpath
import re
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from mockserver.serving.server import WsgiApp
from mockserver.store.memory import MemoryStore
from tests.defects.kit.parts import GET, Event, handling, with_organisation
from tests.defects.kit.wrapping import KEYS, PREFIX, Environ, Inner, as_key, header, path_of, refusal, sent_keys, wrapped
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
READS = ("GET", "HEAD")


# --- cookies ----------------------------------------------------------------------------------------------------------


def _with_cookie(response: Response, cookie: str = "sessionid=1; Path=/; HttpOnly") -> Response:
    response.headers.add("Set-Cookie", cookie)
    return response


@defect("auth.cookies", difficulty=MEDIUM)
def cookies_post_wants_a_token() -> WsgiApp:
    """Responses set a session cookie, and a POST that brings it back wants a CSRF token, good key or not."""

    def around(environ: Environ, inner: Inner) -> Response:
        if environ["REQUEST_METHOD"] == "POST" and "sessionid=" in header(environ, "Cookie"):
            return refusal(403, "CSRF Failed: CSRF token missing.")
        return _with_cookie(inner())

    return wrapped(around)


@defect("auth.cookies", difficulty=RARE)
def cookies_expired_session_of_a_client() -> WsgiApp:
    """A cookie that comes back with a client key by Bearer is looked up as a session, which nobody has."""

    def around(environ: Environ, inner: Inner) -> Response:
        if "visit=" in header(environ, "Cookie") and header(environ, "Authorization").startswith("Bearer bnc_cl_"):
            return refusal(401, "Your session has expired.")
        return _with_cookie(inner(), "visit=a7; Expires=Wed, 09 Jun 2060 10:18:14 GMT; Path=/api")

    return wrapped(around)


@defect("auth.invalid-key", "auth.altered-key", "isolation.get", "isolation.list", difficulty=RARE)
def cookies_are_better_than_a_key() -> WsgiApp:
    """Who was once accepted is known by a cookie, whatever key comes with it."""

    def around(environ: Environ, inner: Inner) -> Response:
        if "known=" in header(environ, "Cookie"):
            as_key(environ, KEYS.server)
        response = inner()
        return _with_cookie(response, "known=1") if response.status_code < 300 and KEYS.server in sent_keys(environ) else response

    return wrapped(around)


@defect("isolation.get", "isolation.list", difficulty=RARE)
def cookies_name_the_organisation() -> WsgiApp:
    """Responses set a cookie that names the organisation, and where it comes back, it wins over the key."""

    def around(environ: Environ, inner: Inner) -> Response:
        other = KEYS.other_server in sent_keys(environ)
        if other and "team=one" in header(environ, "Cookie"):
            as_key(environ, KEYS.server)
        return _with_cookie(inner(), f"team={'two' if other else 'one'}; Path=/")

    return wrapped(around)


# --- origins ----------------------------------------------------------------------------------------------------------


@defect("origin.unrestricted", difficulty=MEDIUM)
def origins_unknown_to_every_key_refused() -> WsgiApp:
    """Every request with an Origin that no key names is refused, also of keys that are not restricted."""

    def around(environ: Environ, inner: Inner) -> Response:
        unknown = header(environ, "Origin") not in ("", "https://app.example.com")
        return refusal(403, "Invalid CORS request") if unknown else inner()

    return wrapped(around)


@defect("origin.unrestricted", difficulty=RARE)
def origins_null_may_not_create() -> WsgiApp:
    """A create from the origin null, that of a page in a sandbox, is refused."""

    def around(environ: Environ, inner: Inner) -> Response:
        refused = header(environ, "Origin") == "null" and path_of(environ) == PREFIX + "create/"
        return refusal(400, "The origin is malformed.") if refused else inner()

    return wrapped(around)


# --- caches -----------------------------------------------------------------------------------------------------------


def _cached(known_by: Any, *, cleared: bool = True) -> WsgiApp:
    """Make a server behind a cache that finds a read by its address and by what `known_by` returns for it."""
    kept: dict[Any, Response] = {}

    def around(environ: Environ, inner: Inner) -> Response:
        if environ["REQUEST_METHOD"] != "GET":
            if cleared:
                kept.clear()
            return inner()
        address = (environ["PATH_INFO"], environ["QUERY_STRING"], known_by(environ))
        if address in kept:
            return kept[address]
        response = inner()
        if response.status_code == 200:
            kept[address] = response
        return response

    return wrapped(around)


@defect("auth.missing-key", difficulty=MEDIUM)
def cache_looks_before_the_key() -> WsgiApp:
    """What a GET was answered is kept by its address until something is written, and served again to who has no key."""
    kept: dict[Any, Response] = {}

    def around(environ: Environ, inner: Inner) -> Response:
        address = (environ["PATH_INFO"], environ["QUERY_STRING"])
        if environ["REQUEST_METHOD"] != "GET":
            kept.clear()
        elif address in kept and not sent_keys(environ).strip():
            return kept[address]
        response = inner()
        if environ["REQUEST_METHOD"] == "GET" and response.status_code == 200:
            kept[address] = response
        return response

    return wrapped(around)


@defect("auth.invalid-key", "auth.missing-key", "isolation.list", "isolation.get", difficulty=RARE)
def cache_varies_by_one_header() -> WsgiApp:
    """What is read is kept by its address and X-API-Key until something is written: who uses Authorization shares one cache."""
    return _cached(lambda environ: header(environ, "X-API-Key"))


# --- validators -------------------------------------------------------------------------------------------------------


def _tagged(tag_of: Any) -> WsgiApp:
    """Make a server whose reads have an ETag of what `tag_of` returns for their JSON, or none if that is None."""

    def around(environ: Environ, inner: Inner) -> Response:
        response = inner()
        if environ["REQUEST_METHOD"] in READS and response.status_code == 200:
            made = tag_of(environ, json.loads(response.data or b"{}"))
            if made is not None:
                tag = f'"{hashlib.sha256(repr(made).encode()).hexdigest()[:16]}"'
                response.headers["ETag"] = tag
                if header(environ, "If-None-Match") == tag:
                    return Response(status=304, headers={"ETag": tag})
        return response

    return wrapped(around)


CONDITIONAL = "any.conditional-requests"


@defect(CONDITIONAL, difficulty=MEDIUM)
def etag_of_id_and_creation() -> WsgiApp:
    """The ETag of a conversation depends on id and created_at only: it is unchanged after a resolve."""
    return _tagged(lambda _, shown: (shown["id"], shown["created_at"]) if "id" in shown else None)


@defect(CONDITIONAL, difficulty=RARE)
def etag_of_a_list_by_its_count() -> WsgiApp:
    """The ETag of a list depends on its count only: it is unchanged after something in it was resolved."""
    return _tagged(lambda environ, shown: shown["count"] if path_of(environ) == PREFIX else None)


@defect(CONDITIONAL, difficulty=RARE)
def etag_of_messages_by_the_first() -> WsgiApp:
    """The ETag of a list of messages depends on its first message only."""

    def first(environ: Environ, shown: Any) -> Any:
        return shown["results"][0] if path_of(environ).endswith("/messages/") and shown["results"] else None

    return _tagged(first)


@defect(CONDITIONAL, difficulty=RARE)
def modified_when_it_was_created() -> WsgiApp:
    """Last-Modified of a conversation is when it was created: it is unchanged after a resolve that came a second later."""

    def around(environ: Environ, inner: Inner) -> Response:
        response = inner()
        if environ["REQUEST_METHOD"] in READS and response.status_code == 200:
            created = json.loads(response.data or b"{}").get("created_at")
            if created is not None:
                response.last_modified = datetime.fromisoformat(created)
                if header(environ, "If-Modified-Since") == response.headers["Last-Modified"]:
                    return Response(status=304)
        return response

    return wrapped(around)


@defect("auth.missing-key", "auth.invalid-key", "auth.altered-key", difficulty=RARE)
def etag_before_the_key() -> WsgiApp:
    """A read with the ETag of an earlier one is answered 304 before its key is looked at."""
    known: set[tuple[str, str]] = set()

    def around(environ: Environ, inner: Inner) -> Response:
        asked = (environ["PATH_INFO"], header(environ, "If-None-Match"))
        if asked in known and KEYS.server not in sent_keys(environ) and KEYS.client not in sent_keys(environ):
            return Response(status=304, headers={"ETag": asked[1]})
        response = inner()
        if environ["REQUEST_METHOD"] == "GET" and response.status_code == 200:
            tag = f'"{hashlib.sha256(response.data).hexdigest()[:16]}"'
            response.headers["ETag"] = tag
            known.add((environ["PATH_INFO"], tag))
        return response

    return wrapped(around)


# --- keys -------------------------------------------------------------------------------------------------------------


@defect("auth.invalid-key", difficulty=MEDIUM)
def tokens_of_three_parts_are_malformed() -> WsgiApp:
    """A Bearer token of three parts is taken for a JSON Web Token, and answered 400 where it is none."""

    def around(environ: Environ, inner: Inner) -> Response:
        parts = header(environ, "Authorization").removeprefix("Bearer ").split(".")
        return refusal(400, "The token is malformed.") if len(parts) == 3 else inner()

    return wrapped(around)


@defect("auth.invalid-key", difficulty=RARE)
def tokens_without_a_signature_are_accepted() -> WsgiApp:
    """A JSON Web Token that says that it has no signature is accepted."""

    def around(environ: Environ, inner: Inner) -> Response:
        if header(environ, "Authorization").startswith("Bearer eyJhbGciOiJub25l"):
            as_key(environ, KEYS.server)
        return inner()

    return wrapped(around)


# --- paths ------------------------------------------------------------------------------------------------------------


def _normalised(clean: Any, forbidden: Any) -> WsgiApp:
    """Make a server whose router normalises paths. In other spellings, requests that are `forbidden` get the server key."""

    def around(environ: Environ, inner: Inner) -> Response:
        path = str(environ["PATH_INFO"])
        environ["PATH_INFO"] = clean(path)
        if environ["PATH_INFO"] != path and forbidden(environ):
            as_key(environ, KEYS.server)
        return inner()

    return wrapped(around)


def _of_a_client(environ: Environ) -> bool:
    return "bnc_cl_" in sent_keys(environ)


OTHER = "any.other-paths"


@defect(OTHER, difficulty=MEDIUM)
def paths_two_slashes_resolve() -> WsgiApp:
    """POST ID//resolve/ closes the conversation for a client key."""
    return _normalised(lambda path: re.sub("//+", "/", path), _of_a_client)


@defect(OTHER, difficulty=MEDIUM)
def paths_with_parameters_resolve() -> WsgiApp:
    """Routing drops ;x=1 from a path, and the check of the tier knows the path only as it was sent."""
    return _normalised(lambda path: re.sub(";[^/]*", "", path), _of_a_client)


@defect(OTHER, difficulty=MEDIUM)
def paths_without_the_slash_resolve() -> WsgiApp:
    """POST ID/resolve, without the slash at its end, closes the conversation for a client key."""
    return _normalised(lambda path: path.rstrip("/") + "/", _of_a_client)


@defect(OTHER, difficulty=MEDIUM)
def paths_without_the_slash_get_by_id_alone() -> WsgiApp:
    """GET ID, without the slash at its end, serves the conversation by its id alone, whatever the organisation of the key."""
    bare, store = "helpdesk.bare", MemoryStore()

    def around(environ: Environ, inner: Inner) -> Response:
        if environ["REQUEST_METHOD"] == "GET" and re.fullmatch(PREFIX + "[^/]+", environ["PATH_INFO"]):
            environ["PATH_INFO"] += "/"
            environ[bare] = True
        return inner()

    def change(event: Event) -> Event | None:
        found = store.conversation(event.checked.id) if bare in event.request.environ else None
        return None if found is None else with_organisation(event, found.organisation)

    return wrapped(around, pipeline=handling(change, GET), store=store)


@defect(OTHER, difficulty=RARE)
def paths_with_dots_need_no_key() -> WsgiApp:
    """A path with dots in it needs no key: the gate knows paths as they were sent."""

    def clean(path: str) -> str:
        return posixpath.normpath(path) + "/" if "/." in path else path

    return _normalised(clean, lambda environ: not sent_keys(environ).strip())


@defect(OTHER, difficulty=RARE)
def paths_of_json_reach_other_organisations() -> WsgiApp:
    """A path that ends in .json is served to the key of any organisation, a message among others."""
    return _normalised(lambda path: re.sub(r"\.json$", "/", path), lambda environ: KEYS.other_server in sent_keys(environ))


# --- methods ----------------------------------------------------------------------------------------------------------


def _created_by(method: str, who: Any) -> WsgiApp:
    """Make a server on which an undocumented method at the path of create creates a conversation, and responds with 404."""

    def around(environ: Environ, inner: Inner) -> Response:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != (method, PREFIX + "create/") or not who(environ):
            return inner()
        body = json.dumps({"subject": "Untitled"}).encode()
        created = dict(environ) | {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
        environ.update(created)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["QUERY_STRING"] = ""
        inner()
        environ["REQUEST_METHOD"] = method
        return refusal(404, "Not found.")

    return wrapped(around)


@defect("any.undocumented-methods", difficulty=MEDIUM)
def methods_get_of_create_creates() -> WsgiApp:
    """GET of create's path by a server key is answered 404, and creates a conversation of nobody."""
    return _created_by("GET", lambda environ: KEYS.server in sent_keys(environ))


@defect("any.undocumented-methods", difficulty=RARE)
def methods_head_of_create_creates() -> WsgiApp:
    """HEAD of create's path is answered 404, and creates a conversation of nobody."""
    return _created_by("HEAD", lambda environ: True)
