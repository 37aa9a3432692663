"""The way of a request from a WSGI environ to a response: it finds the namespace, has the request handled, and keeps both.

Flask's views and the fast path past Flask (fast_path.py) both end here.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from accord.base.assets import FIXTURES_DIR, SPEC_DIR
from accord.base.errors import AccordError
from accord.base.redaction import known
from mockserver.contract.document import Operation
from mockserver.faults.header import FAULT_HEADER
from mockserver.handling.authentication import sent_key
from mockserver.handling.errors import HttpRefusal, unreachable
from mockserver.http.messages import Request, Response, environ_name
from mockserver.journal import Journal
from mockserver.keys.sent import redactor_for
from mockserver.model.refusal import Kind, Refusal, nowhere
from mockserver.namespaces.addressing import namespace_of
from mockserver.namespaces.namespace import Namespace
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE, StoreUnavailableError

_FAULT = environ_name(FAULT_HEADER)

_log = logging.getLogger("mockserver")


class Dispatcher:
    """Has each request handled in the namespace that it is addressed to, and keeps it in the journal."""

    def __init__(self, namespaces: Namespaces, journal: Journal) -> None:
        self.namespaces = namespaces
        self.journal = journal

    def respond(self, operation: Operation, environ: dict[str, Any], path: Mapping[str, str]) -> Response:
        """Return the response to a request for an operation."""
        began = time.perf_counter_ns()
        try:
            name = namespace_of(environ)
        except AccordError as error:
            return bad_request(error, environ, self.namespaces.files)
        request = Request(environ, path)
        response = self._in_namespace(
            name,
            environ,
            lambda namespace: namespace.met.note(operation.id, request, _handled(namespace, operation, request)),
            operation,
            request,
        )
        self.journal.add(name, operation.id, began, request, response)
        return response

    def refuse(self, refusal: Refusal, environ: dict[str, Any]) -> Response:
        """Return the response to a request for something else."""
        began = time.perf_counter_ns()
        try:
            name = namespace_of(environ)
        except AccordError as error:
            return bad_request(error, environ, self.namespaces.files)
        request = Request(environ, {})
        response = self._in_namespace(
            name, environ, lambda namespace: namespace.met.note("", request, namespace.pipeline.errors.response_to(refusal))
        )
        self.journal.add(name, "", began, request, response)
        return response

    def _may_make(self, operation: Operation | None, request: Request | None) -> bool:
        """Return whether the request may make its namespace: only with a key that the namespace would accept."""
        if operation is None or request is None:
            return False
        try:
            self.namespaces.get(DEFAULT_NAMESPACE).pipeline.authenticate(request, operation)
        except Refusal:
            return False
        return True

    def _in_namespace(
        self,
        name: str,
        environ: Mapping[str, Any],
        act: Callable[[Namespace], Response],
        operation: Operation | None = None,
        request: Request | None = None,
    ) -> Response:
        try:
            if self.namespaces.is_there(name) or self._may_make(operation, request):
                return self.namespaces.again(name, act)
            # The default namespace responds, with the refusal that the missing one would have given.
            return self.namespaces.again(DEFAULT_NAMESPACE, act)
        except StoreUnavailableError as error:
            # Opening a namespace needs the store, so the error responses of the plan are used.
            return self.namespaces.errors.response_to(unreachable(error))
        except AccordError as error:
            return bad_request(error, environ, self.namespaces.files)


def _handled(namespace: Namespace, operation: Operation, request: Request, *, as_usual: bool = False) -> Response:
    """Return the response, `as_usual` or by a fault."""
    if (namespace.faults.rules or _FAULT in request.environ) and not as_usual:
        return _with_faults(namespace, operation, request)
    response = about_slash(namespace, operation, request) or namespace.pipeline.respond(operation, request)
    return response if response.status < 400 or response.status == 401 else _without_keys(response, namespace, request)


def _with_faults(namespace: Namespace, operation: Operation, request: Request) -> Response:
    pipeline = namespace.pipeline
    fired = namespace.faults.decide(operation.id, request, lambda: sent_key(pipeline.authenticator, request))
    if fired is None:
        return _handled(namespace, operation, request, as_usual=True)
    return fired.carry_out(
        lambda: _handled(namespace, operation, request, as_usual=True),
        lambda status, detail: pipeline.errors.response_to(HttpRefusal(status, detail)),
    )


def _without_keys(response: Response, namespace: Namespace, request: Request) -> Response:
    """Return the refusal with any key hidden: the value that was refused, which it may quote, can hold one."""
    if not response.body.startswith(b"{"):
        return response
    text = response.body.decode("utf-8", "surrogateescape")
    hidden = redactor_for(namespace.keys.redactor, request.environ).redact(text)
    return response if hidden == text else response._replace(body=hidden.encode("utf-8", "surrogateescape"))


def bad_request(error: AccordError, environ: Mapping[str, Any], files: Iterable[str] = ()) -> Response:
    """Respond to a request to the mock itself, not to the API, that cannot be carried out.

    The response has only the names of `files`, and of files that come with the mock, not their paths: anybody may send a request.
    The whole message goes to stderr, without keys.
    """
    whole = redactor_for(known(), environ).redact(f"{error.message} {error.hint}".rstrip())
    told = whole.replace(f"{FIXTURES_DIR}/", "").replace(f"{SPEC_DIR}/", "")
    for file in files:
        told = told.replace(file, PurePath(file).name)
    if told != whole:
        _log.error("%s", whole)
    return Response.json(400, {"detail": told})


def about_slash(namespace: Namespace, operation: Operation, request: Request) -> Response | None:
    """Return the response at a path that lacks its final slash or has too many; None if the operation responds."""
    environ = request.environ
    path = environ["PATH_INFO"]
    errors = namespace.pipeline.errors
    if path.endswith("//"):
        return errors.response_to(nowhere())
    if path.endswith("/") or not operation.path.endswith("/"):
        return None
    option = namespace.choices["missing_trailing_slash"]
    if option == "serve":
        return None
    if option == "redirect":
        query = environ.get("QUERY_STRING", "")
        location = str(environ.get("SCRIPT_NAME", "")) + path + "/" + (f"?{query}" if query else "")
        return Response(308, b"", {"Location": location})
    return errors.response_to(nowhere(Kind.NO_FINAL_SLASH, " Documented paths end in a slash."))
