"""The mock as a Flask application: routes, from the contract, into the pipeline."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask import Response as FlaskResponse
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from accord.base.errors import AccordError
from mockserver.console.front_door import front_door_routes
from mockserver.console.page import console_routes
from mockserver.contract.document import Contract, Operation
from mockserver.control.access import Access
from mockserver.control.choices import choice_routes
from mockserver.control.clock import clock_routes
from mockserver.control.conversations import conversation_routes
from mockserver.control.coverage import coverage_routes
from mockserver.control.description import description_routes
from mockserver.control.errors import register_errors
from mockserver.control.faults import fault_routes
from mockserver.control.guard import Guard, is_control
from mockserver.control.health import health_routes
from mockserver.control.inbox import inbox_routes
from mockserver.control.keys import key_routes
from mockserver.control.namespaces import namespace_routes
from mockserver.control.requests import request_routes
from mockserver.control.state import state_routes
from mockserver.control.webhooks import webhook_routes
from mockserver.dispatcher import Dispatcher
from mockserver.fast_path import FastPath
from mockserver.handling.authentication import Authenticator
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import ErrorResponses, HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.serializer import Serializer
from mockserver.handling.validation import Validator
from mockserver.http.cors import Cors, is_preflight
from mockserver.http.delivery import request_delivery
from mockserver.http.flask_response import flask_response
from mockserver.http.messages import Response
from mockserver.http.wsgi import REQUEST_ID_HEADER, StartResponse, adding, send
from mockserver.journal import CAPACITY, MOST_BYTES, REQUEST_ID, Journal
from mockserver.keys.model import KeyRing
from mockserver.model.clock import Clock
from mockserver.model.refusal import nowhere
from mockserver.namespaces.addressing import enter
from mockserver.namespaces.namespace import DEFAULT_SCENARIO, DEFAULT_SEED, FaultsGiven, Namespace, Parts, Plan, plan
from mockserver.namespaces.registry import MOST_NAMESPACES, Namespaces
from mockserver.store import DEFAULT_NAMESPACE, Storage, Store, StoreUnavailableError
from mockserver.store.memory import MemoryStorage
from mockserver.webhooks.subscriptions import from_options
from mockserver.webhooks.targets import Targets

_FAILED = "accord.failed"


class MockApp(Flask):
    """A Flask application that is a mock. Routes, hooks and middleware can be added as to any other."""

    namespaces: Namespaces
    journal: Journal
    dispatcher: Dispatcher

    @property
    def namespace(self) -> Namespace:
        """The namespace of requests that name none."""
        return self.namespaces.get(DEFAULT_NAMESPACE)

    def serve_contract(self, dispatcher: Dispatcher, contract: Contract, cors: Cors, guard: Guard) -> None:
        """Add the documented operations. `cors` tells browsers who may call them, `guard` who may use the control API."""
        self.dispatcher = dispatcher
        self._cors = cors
        self._guard = guard
        views = {operation.id: _view(dispatcher, operation) for operation in contract}
        for operation in contract:
            rule = _rule(operation.path)
            self.add_url_rule(rule, operation.id, views[operation.id], methods=[operation.method], provide_automatic_options=False)
        self._fast_path = FastPath(self, _USUAL, contract, views)

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """As Flask's."""
        super().add_url_rule(rule, *args, **options)
        if hasattr(self, "_fast_path"):
            self._fast_path.rule_was_added(rule)

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        environ = enter(environ)
        id = environ[REQUEST_ID] = self.journal.new_id()
        path = environ["PATH_INFO"]
        found = self._fast_path.match(environ["REQUEST_METHOD"], path)
        if found is None and is_control(path):
            return self._control(environ, start_response, id)
        more = self._cors.headers(environ)
        if found is None or not self._fast_path.is_open(environ, found[0]):
            return super().wsgi_app(environ, adding({**more, REQUEST_ID_HEADER: id}, start_response))
        try:
            response = self.dispatcher.respond(found[0], environ, found[1])
        except Exception as error:  # noqa: BLE001 - nothing is hidden: the view raises it again, for Flask to handle
            return super().wsgi_app({**environ, _FAILED: error}, adding({**more, REQUEST_ID_HEADER: id}, start_response))
        request_delivery(environ, response.delivery)
        return send(response, start_response, id, more)

    def _control(self, environ: dict[str, Any], start_response: StartResponse, id: str) -> Iterable[bytes]:
        """Respond to a request to the control API."""
        more = self._guard.headers(environ)
        refusal = self._guard.refusal(environ)
        if refusal is not None:
            return send(refusal, start_response, id, more)
        return super().wsgi_app(self._guard.admitted(environ), adding({**more, REQUEST_ID_HEADER: id}, start_response))


_USUAL = MockApp


def create_app(
    *,
    spec: str | Path | Contract | None = None,
    scenario: str = DEFAULT_SCENARIO,
    keys: str | Path | KeyRing | None = None,
    choices: Mapping[str, object] | None = None,
    seed: int | str = DEFAULT_SEED,
    cors: bool = True,
    access: Access | None = None,
    clock: Clock | None = None,
    faults: FaultsGiven = (),
    agent: str | None = None,
    store: Store | None = None,
    storage: Storage | str | None = None,
    progress: Callable[[int], None] | None = None,
    max_namespaces: int = MOST_NAMESPACES,
    journal: int = CAPACITY,
    journal_bytes: int = MOST_BYTES,
    webhook: str | None = None,
    webhook_secret: str | None = None,
    webhook_allow: Iterable[str] = (),
    coverage: bool = False,
    authenticator: type[Authenticator] = Authenticator,
    validator: type[Validator] = Validator,
    conversations: type[Conversations] = Conversations,
    serializer: type[Serializer] = Serializer,
    errors: type[ErrorResponses] = ErrorResponses,
    pipeline: type[Pipeline] = Pipeline,
) -> MockApp:
    """A mock with a state of its own.

    spec: the contract document, its path or already read; by default the one of this distribution.
    scenario: the name of a scenario, or the path of a .yaml file.
    keys: a keys file, or a ring of keys; by default the ready-made keys of the seed (`app.namespace.standard_keys`).
    choices: options of spec/choices.yaml by name; what is not named takes its default.
    seed: what ids and ready-made keys are made from.
    cors: whether browsers of any origin may call the documented API.
    access: who may use the control API; by default whoever reaches the mock over loopback, and no page of another origin.
    clock: where times come from; by default the system's.
    faults: fault rules that every namespace begins with, as JSON objects, or the path of a YAML file of them.
    agent: who replies to conversations by itself: `echo`, or the path of a YAML script.
    storage: where all state is kept, or its URL; by default memory. `store`, instead, is one for the default namespace only.
    progress: told, now and then, how many conversations of the scenario were loaded.
    max_namespaces: how many there may be besides the default one.
    journal, journal_bytes: how many of the latest requests are kept, and how many bytes of them all.
    webhook, webhook_secret: the URL to which events are sent, and what signs them; others may subscribe by the control API.
    webhook_allow: names of hosts beyond this machine to which events may be sent.
    coverage: whether each request is checked at once for the choices it exercises, or later, if the journal still has it.
    The others are the classes that the mock is made of, to be replaced by subclasses.

    Raises AccordError for anything in these that cannot be used.
    """
    parts = Parts(authenticator, validator, conversations, serializer, errors, pipeline)
    start = plan(
        spec=spec,
        scenario=scenario,
        keys=keys,
        choices=choices,
        seed=seed,
        clock=clock,
        parts=parts,
        progress=progress,
        faults=faults,
        agent=agent,
    )
    targets = Targets(webhook_allow)
    start = replace(start, subscriptions=from_options(webhook, webhook_secret, start.contract.webhooks, targets))

    def planner(settings: Mapping[str, Any]) -> Plan:
        """The plan of a namespace: as the default one, but for its own settings."""
        now = registry.default
        brought = None if "seed" in settings or now.standard_keys is not None else now.keys
        usual = {"scenario": scenario, "seed": seed, "keys": brought}
        own_choices = {**(choices or {}), **settings.get("choices", {})}
        own = {**usual, **settings, "choices": own_choices}
        made = plan(spec=start.contract, clock=start.clock, parts=parts, faults=now.faults, agent=now.agent, **own)
        return replace(made, subscriptions=start.subscriptions)

    registry = Namespaces(_storage(storage, store), start, planner, max_namespaces, targets, notes_at_once=coverage)
    app = MockApp("mockserver", static_folder=None, template_folder=None)
    app.namespaces, app.journal = registry, Journal(journal, journal_bytes)
    # The choice `missing_trailing_slash` decides about slashes, so the router must not.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    dispatcher = Dispatcher(registry, app.journal)
    allowed = access or Access()
    app.serve_contract(dispatcher, start.contract, Cors(enabled=cors), Guard(allowed))
    for blueprint in (
        console_routes(),
        inbox_routes(registry),
        front_door_routes(Path(start.contract.source), allowed.off),
        description_routes(),
        health_routes(start, registry),
        namespace_routes(registry),
        state_routes(registry),
        request_routes(app.journal, registry),
        fault_routes(registry),
        clock_routes(registry),
        choice_routes(registry, start.choices),
        key_routes(registry),
        conversation_routes(registry),
        webhook_routes(registry, start.contract.webhooks),
        coverage_routes(app.journal, registry),
    ):
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _error_view(dispatcher))
    register_errors(app, registry)
    # Opened at once, so that the caller of `create_app` gets an error in the scenario.
    try:
        registry.get(DEFAULT_NAMESPACE)
    except StoreUnavailableError as error:
        raise AccordError(f"The store cannot be used: {error}", "Try again once it can be reached.") from error
    return app


def _storage(storage: Storage | str | None, store: Store | None) -> Storage:
    if isinstance(storage, str):
        # Imported only here, since only mocks with a database need it.
        from mockserver.store.urls import open_storage

        return open_storage(storage)
    return storage or MemoryStorage(store)


def _rule(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", path)


def _view(dispatcher: Dispatcher, operation: Operation) -> Callable[..., FlaskResponse]:
    def view(**path: str) -> FlaskResponse:
        if _FAILED in request.environ:
            raise request.environ[_FAILED]
        return flask_response(dispatcher.respond(operation, request.environ, path))

    view.__doc__ = operation.summary
    return view


def _error_view(dispatcher: Dispatcher) -> Callable[[HTTPException], FlaskResponse]:
    def view(error: HTTPException) -> FlaskResponse:
        # Redirects of the router, and `abort(response)` in added routes, bring a response of their own.
        if isinstance(error.response, FlaskResponse):
            return error.response
        return flask_response(_error_response(dispatcher, error))

    return view


def _error_response(dispatcher: Dispatcher, error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, MethodNotAllowed):
        methods = sorted({*(error.valid_methods or ()), "OPTIONS"})
        if request.method == "OPTIONS":
            return Response(204, b"", {"Allow": ", ".join(methods)})
        refusal = HttpRefusal(405, f"{request.method} is not documented here.", headers={"Allow": ", ".join(methods)})
        return dispatcher.refuse(refusal, request.environ)
    if status == 404:
        if is_preflight(request.environ):
            # A page cannot read why a preflight was refused, so it is accepted: the request after it gets the error.
            return Response(204, b"")
        return dispatcher.refuse(nowhere(), request.environ)
    return dispatcher.refuse(HttpRefusal(status, error.description or error.name), request.environ)
