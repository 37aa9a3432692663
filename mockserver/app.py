"""The mock as a Flask application: routes, from the contract, into the pipeline."""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from posixpath import commonpath
from typing import Any

import flask.signals
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from accord.errors import AccordError
from mockserver.answers import Answer
from mockserver.auth import Authenticator
from mockserver.clock import Clock
from mockserver.contract import Contract, Operation
from mockserver.control.errors import answer_errors
from mockserver.control.health import health
from mockserver.control.namespaces import namespaces
from mockserver.control.requests import requests
from mockserver.control.state import state
from mockserver.conversations import Conversations
from mockserver.cors import headers as cors_headers
from mockserver.cors import is_preflight, preflight
from mockserver.front import Front, enter
from mockserver.journal import Journal
from mockserver.keys import KeyRing
from mockserver.pipeline import Pipeline
from mockserver.presenter import Presenter
from mockserver.problems import Problems, Refusal, nowhere
from mockserver.responses import response_of
from mockserver.routes import Routes
from mockserver.store import DEFAULT_NAMESPACE, Storage, Store, StoreUnavailableError
from mockserver.store.memory import MemoryStorage
from mockserver.validation import Validator
from mockserver.world import DEFAULT_SCENARIO, DEFAULT_SEED, Parts, Plan, World, plan
from mockserver.worlds import Worlds

_FAILED = "accord.failed"
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_SIGNALS = (
    flask.signals.request_started,
    flask.signals.request_finished,
    flask.signals.request_tearing_down,
    flask.signals.appcontext_pushed,
    flask.signals.appcontext_popped,
    flask.signals.appcontext_tearing_down,
)


class MockApp(Flask):
    """A Flask application that is a mock. Routes, hooks and middleware can be added as to any other.

    A plain call of a documented operation does not need Flask's contexts and response objects, which take longer than the rest
    of the way: it goes straight to `front`, where Flask's views of the operations go too. As soon as something was added that
    could see such a call (a hook, a signal's receiver, a route beneath the documented ones, another view, a subclass), all take
    the way through Flask.
    """

    worlds: Worlds
    journal: Journal
    front: Front

    @property
    def world(self) -> World:
        """The world of requests that name no namespace."""
        return self.worlds.get(DEFAULT_NAMESPACE)

    def serve_contract(self, front: Front, contract: Contract, more_headers: Mapping[str, str]) -> None:
        """Add the documented operations. `more_headers` are in every answer that has none of that name."""
        self.front = front
        self._more_headers = dict(more_headers)
        self._routes = Routes(contract)
        self._views = {operation.id: _view(front, operation) for operation in contract}
        for operation in contract:
            rule, view = _rule(operation.path), self._views[operation.id]
            self.add_url_rule(rule, operation.id, view, methods=[operation.method], provide_automatic_options=False)
        self._beneath = commonpath([operation.path for operation in contract])
        # Each is changed in place by whatever is added.
        self._added = (
            self.before_request_funcs,
            self.after_request_funcs,
            self.teardown_request_funcs,
            self.teardown_appcontext_funcs,
            self.url_value_preprocessors,
            *(signal.receivers for signal in _SIGNALS),
        )
        self._overlapped = False

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """As Flask's."""
        super().add_url_rule(rule, *args, **options)
        if hasattr(self, "_beneath"):
            self._overlapped |= rule.startswith((self._beneath, "/<"))

    def process_response(self, response: Response) -> Response:
        """As Flask's, and with the headers that every answer has."""
        response = super().process_response(response)
        for name, value in self._more_headers.items():
            response.headers.setdefault(name, value)
        return response

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        environ = enter(environ)
        found = self._routes.match(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if found is None or not self._is_plain(environ, found[0]):
            return super().wsgi_app(environ, start_response)
        try:
            answer = self.front.answer(found[0], environ, found[1])
        except Exception as error:  # noqa: BLE001 - nothing is hidden: the view raises it again, for Flask to handle
            return super().wsgi_app({**environ, _FAILED: error}, start_response)
        headers = {"Content-Length": str(len(answer.body)), **self._more_headers, **answer.headers}
        start_response(_STATUS_LINES[answer.status], list(headers.items()))
        return [answer.body]

    def _is_plain(self, environ: Mapping[str, Any], operation: Operation) -> bool:
        """Whether nobody could tell that the call did not go through Flask."""
        return not (
            self._overlapped
            or any(self._added)
            or self.view_functions[operation.id] is not self._views[operation.id]
            or type(self) is not MockApp
            # Flask's test client, which keeps the contexts of its requests for whoever asks.
            or "werkzeug.debug.preserve_context" in environ
        )


def create_app(
    *,
    spec: str | Path | Contract | None = None,
    scenario: str = DEFAULT_SCENARIO,
    keys: str | Path | KeyRing | None = None,
    choices: Mapping[str, object] | None = None,
    seed: int | str = DEFAULT_SEED,
    cors: bool = True,
    clock: Clock | None = None,
    store: Store | None = None,
    storage: Storage | str | None = None,
    progress: Callable[[int], None] | None = None,
    authenticator: type[Authenticator] = Authenticator,
    validator: type[Validator] = Validator,
    conversations: type[Conversations] = Conversations,
    presenter: type[Presenter] = Presenter,
    problems: type[Problems] = Problems,
    pipeline: type[Pipeline] = Pipeline,
) -> MockApp:
    """A mock with a state of its own.

    spec: the contract document, its path or already read; by default the one of this distribution.
    scenario: the name of a scenario, or the path of a .yaml file.
    keys: a keys file, or a ring of keys; by default the ready-made keys of the seed (`app.world.standard_keys`).
    choices: options of spec/choices.yaml by name; what is not named takes its default.
    seed: what ids and ready-made keys are made from.
    cors: whether browsers of any origin may call.
    clock: where times come from; by default the system's.
    storage: where all state is kept, or its URL; by default memory. `store`, instead, is one for the default namespace only.
    progress: told, now and then, how many conversations of the scenario were loaded.
    The others are the classes that the mock is made of, to be replaced by subclasses.

    Raises AccordError for anything in these that cannot be used.
    """
    parts = Parts(authenticator, validator, conversations, presenter, problems, pipeline)
    start = plan(spec=spec, scenario=scenario, keys=keys, choices=choices, seed=seed, clock=clock, parts=parts, progress=progress)

    def planner(settings: Mapping[str, Any]) -> Plan:
        """The plan of a namespace: as the default one, but for its own settings."""
        usual = {"scenario": scenario, "seed": seed, "keys": None if "seed" in settings else start.keys}
        own_choices = {**(choices or {}), **settings.get("choices", {})}
        return plan(spec=start.contract, clock=start.clock, parts=parts, **{**usual, **settings, "choices": own_choices})

    worlds = Worlds(_storage(storage, store), start, planner)
    app = MockApp("mockserver", static_folder=None, template_folder=None)
    app.worlds, app.journal = worlds, Journal()
    # Slashes are the concern of one choice, not of the router.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    front = Front(worlds, app.journal)
    app.serve_contract(front, start.contract, cors_headers() if cors else {})
    for blueprint in (health(start, worlds), namespaces(worlds), state(worlds), requests(app.journal)):
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _error_view(front))
    answer_errors(app, worlds)
    # Now, so that whoever makes the application learns what is wrong with the scenario.
    try:
        worlds.get(DEFAULT_NAMESPACE)
    except StoreUnavailableError as error:
        raise AccordError(f"The store cannot be used: {error}", "Try again once it can be reached.") from error
    return app


def _storage(storage: Storage | str | None, store: Store | None) -> Storage:
    if isinstance(storage, str):
        # What databases need is imported for those who use one.
        from mockserver.store.urls import open_storage

        return open_storage(storage)
    return storage or MemoryStorage(store)


def _rule(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", path)


def _view(front: Front, operation: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        if _FAILED in request.environ:
            raise request.environ[_FAILED]
        return response_of(front.answer(operation, request.environ, path))

    view.__doc__ = operation.summary
    return view


def _error_view(front: Front) -> Callable[[HTTPException], Response]:
    def view(error: HTTPException) -> Response:
        # Carried by redirects of the router and by `abort(response)` in routes that were added.
        if isinstance(error.response, Response):
            return error.response
        return response_of(_error_answer(front, error))

    return view


def _error_answer(front: Front, error: HTTPException) -> Answer:
    status = error.code or 500
    if isinstance(error, MethodNotAllowed):
        methods = sorted({*(error.valid_methods or ()), "OPTIONS"})
        if request.method == "OPTIONS":
            answer = preflight(methods) if is_preflight(request.environ) else Answer(204, b"")
            return Answer(answer.status, answer.body, {**answer.headers, "Allow": ", ".join(methods)})
        refusal = Refusal(405, f"{request.method} is not documented here.", headers={"Allow": ", ".join(methods)})
        return front.refuse(refusal, request.environ)
    if status == 404:
        return front.refuse(nowhere(), request.environ)
    return front.refuse(Refusal(status, error.description or error.name), request.environ)
