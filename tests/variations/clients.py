"""What depends on what clients bring along: cookies, origins, validators, and other spellings of a path."""

import hashlib
import itertools
import json
import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import formatdate
from typing import Any

from werkzeug.wrappers import Response

from mockserver.handling.conversations import Conversations
from mockserver.handling.serializer import Serializer
from mockserver.keys.model import StandardKeys
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, User
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp
from tests.variations.records import AnyId
from tests.variations.registry import variation
from tests.variations.seams import Environ, before, changing, every, mock

# --- cookies and origins ------------------------------------------------------------------------------------------------


@variation("cookies-that-change")
def changing_cookies() -> WsgiApp:
    """Each response sets a cookie that never was there before, one with a date, and takes one away again; none matters."""
    counter = itertools.count()

    def change(response: Response, _: Environ) -> Response:
        response.headers.add("Set-Cookie", f"visit={next(counter)}; Expires=Wed, 09 Jun 2060 10:18:14 GMT; Path=/api; HttpOnly")
        response.headers.add("Set-Cookie", "csrftoken=a=b; Secure; SameSite=Lax")
        response.headers.add("Set-Cookie", "gone=; Max-Age=0")
        return response

    return changing(mock(), change)


@variation("server-keys-are-not-for-browsers")
def no_origin_for_server_keys() -> WsgiApp:
    """A server key that comes with an Origin is refused: it is in a browser, where it does not belong."""

    def instead(environ: Environ) -> Response | None:
        key = environ.get("HTTP_X_API_KEY", "") + environ.get("HTTP_AUTHORIZATION", "")
        if "bnc_sv_" in key and "HTTP_ORIGIN" in environ:
            return Response('{"detail": "Do not use a server key in a browser."}', 403, mimetype="application/json")
        return None

    return before(mock(), instead)


# --- validators ---------------------------------------------------------------------------------------------------------


@variation("etags-and-whole-seconds")
def validators() -> WsgiApp:
    """What is read has a strong ETag and, one conversation, a Last-Modified in whole seconds; both are answered 304."""

    def change(response: Response, environ: Environ) -> Response:
        if environ["REQUEST_METHOD"] != "GET" or response.status_code != 200:
            return response
        tag = f'"{hashlib.sha256(response.data).hexdigest()[:16]}"'
        headers = {"ETag": tag}
        shown = json.loads(response.data)
        if "updated_at" in shown:
            modified = datetime.fromisoformat(shown["updated_at"].replace("Z", "+00:00"))
            headers["Last-Modified"] = formatdate(int(modified.timestamp()), usegmt=True)
        response.headers.update(headers)
        asked, since = environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")
        if (asked and tag in asked) or (not asked and since and since == headers.get("Last-Modified")):
            return Response(status=304, headers=headers)
        return response

    return changing(mock(), change)


# --- paths --------------------------------------------------------------------------------------------------------------


@variation("paths-are-normalised")
def normalised() -> WsgiApp:
    """Double slashes, parameters, dots, an escaped slash and .json are normalised before anything else looks at a path."""
    app = mock()

    def clean(environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = re.sub(r";[^/]*", "", environ["PATH_INFO"])
        path = re.sub(r"/[^/]+/\.\./", "/", re.sub(r"/\./", "/", re.sub("/{2,}", "/", path)))
        path = path.rstrip("/").removesuffix(".json") + "/"
        return app(environ | {"PATH_INFO": path}, start_response)

    return clean


# --- people -------------------------------------------------------------------------------------------------------------


@variation("anonymous-addresses-are-made-up-when-shown")
def made_up() -> WsgiApp:
    """An anonymous requester is shown with an address made of the conversation's number, by which nothing can be listed."""

    class MadeUp(Serializer):
        def conversation(self, conversation: Conversation) -> dict[str, Any]:
            shown = super().conversation(conversation)
            if conversation.requester.anonymous:
                shown["requester"] = {
                    "email": f"visitor-{conversation.number}@guests.invalid",
                    "first_name": "Guest",
                    "last_name": "",
                }
            return shown

    return mock(serializer=MadeUp)


@variation("anonymous-people-are-called-visitors", spare=True)
def visitors() -> WsgiApp:
    """An anonymous user is called Visitor and a number, whatever names were sent."""
    counter = itertools.count(1)

    class Visitors(Conversations):
        def new_anonymous(self, organisation: str, first_name: str | None, last_name: str | None) -> User:
            return super().new_anonymous(organisation, "Visitor", str(next(counter)))

    return mock(conversations=Visitors)


# --- what happens by itself, or again -----------------------------------------------------------------------------------


@variation("a-job-touches-conversations")
def touching() -> WsgiApp:
    """Every second time that a conversation is read, a job has moved its updated_at on by a second."""
    due = every(2)

    class Touched(Conversations):
        def find(self, caller: Caller, conversation_id: str) -> Conversation:
            found = super().find(caller, conversation_id)
            if due():
                found = found._replace(updated_at=found.updated_at + 1_000_000)
                with self.store.transaction():
                    self.store.replace_conversation(found)
            return found

    return mock(conversations=Touched)


@variation("resolve-twice-says-so-twice")
def told_twice() -> WsgiApp:
    """Each resolve, also of what is closed, adds a message of the type system."""

    class Telling(Conversations):
        def resolve(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            found = super().resolve(caller, checked)
            self.add_message(found, None, "The conversation was closed.", "system")
            return found

    return mock(conversations=Telling)


@variation("resolve-takes-nothing")
def bare_resolve() -> WsgiApp:
    """A resolve with a body or a query is refused with 400."""

    def instead(environ: Environ) -> Response | None:
        resolving = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].endswith("/resolve/")
        if resolving and (environ["QUERY_STRING"] or environ.get("CONTENT_LENGTH", "0") not in ("", "0")):
            return Response('{"detail": "There is nothing to be said here."}', 400, mimetype="application/json")
        return None

    return before(mock(), instead)


# --- organisations ------------------------------------------------------------------------------------------------------


@variation("a-database-for-each-organisation")
def databases() -> WsgiApp:
    """Each organisation has a database of its own, in which ids are counted from 1: the same id is given twice."""

    def database() -> WsgiApp:
        counter = itertools.count(1)

        class Counted(Conversations):
            def __init__(self, *parts: Any) -> None:
                super().__init__(*parts)
                self.ids: Any = type("Ids", (), {"new": staticmethod(lambda: str(next(counter)))})()

        return mock(conversations=Counted, validator=AnyId)

    ours, theirs = database(), database()
    other = StandardKeys.of(DEFAULT_SEED).other_server

    def routed(environ: Environ, start_response: Any) -> Iterable[bytes]:
        key = environ.get("HTTP_X_API_KEY", "") + environ.get("HTTP_AUTHORIZATION", "")
        return (theirs if other in key else ours)(environ, start_response)

    return routed
