"""The mock as a Flask application: routes, from the contract, into the pipeline."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator
from mockserver.clock import Clock
from mockserver.contract import Contract, Operation
from mockserver.control.health import health
from mockserver.conversations import Conversations
from mockserver.cors import headers as cors_headers
from mockserver.cors import is_preflight, preflight
from mockserver.keys import KeyRing
from mockserver.pipeline import Pipeline
from mockserver.presenter import Presenter
from mockserver.problems import Problems, Refusal, nowhere
from mockserver.store import Store
from mockserver.validation import Validator
from mockserver.world import DEFAULT_SCENARIO, DEFAULT_SEED, Parts, World, build_world


class MockApp(Flask):
    """A Flask application that is a mock. Routes, hooks and middleware can be added as to any other."""

    world: World


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
    clock, store: where times come from, and where the state is kept; by default the system's, and memory.
    The others are the classes that the mock is made of, to be replaced by subclasses.

    Raises AccordError for anything in these that cannot be used.
    """
    parts = Parts(authenticator, validator, conversations, presenter, problems, pipeline)
    world = build_world(spec=spec, scenario=scenario, keys=keys, choices=choices, seed=seed, clock=clock, store=store, parts=parts)
    app = MockApp("mockserver", static_folder=None, template_folder=None)
    app.world = world
    # Slashes are the concern of one choice, not of the router.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    for operation in world.contract:
        app.add_url_rule(
            _rule(operation.path),
            operation.id,
            _view(world, operation),
            methods=[operation.method],
            provide_automatic_options=False,
        )
    app.register_blueprint(health(world))
    app.register_error_handler(HTTPException, _error_view(world))
    if cors:
        app.after_request(_add_cors_headers)
    return app


def _rule(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", path)


def _view(world: World, operation: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        answer = _about_slash(world, operation) or world.pipeline.answer(operation, Call(request.environ, path))
        return _response(answer)

    view.__doc__ = operation.summary
    return view


def _about_slash(world: World, operation: Operation) -> Answer | None:
    """What answers at a path that lacks its final slash or has too many; None if the operation does."""
    if request.path.endswith("//"):
        return world.pipeline.problems.answer(nowhere())
    if request.path.endswith("/") or not operation.path.endswith("/"):
        return None
    option = world.choices["missing_trailing_slash"]
    if option == "serve":
        return None
    if option == "redirect":
        query = request.environ.get("QUERY_STRING", "")
        location = request.root_path + request.path + "/" + (f"?{query}" if query else "")
        return Answer(308, b"", {"Location": location})
    return world.pipeline.problems.answer(nowhere(" Documented paths end in a slash."))


def _error_view(world: World) -> Callable[[HTTPException], Response]:
    def view(error: HTTPException) -> Response:
        # Carried by redirects of the router and by `abort(response)` in routes that were added.
        if isinstance(error.response, Response):
            return error.response
        return _response(_error_answer(world.pipeline.problems, error))

    return view


def _error_answer(problems: Problems, error: HTTPException) -> Answer:
    status = error.code or 500
    if isinstance(error, MethodNotAllowed):
        methods = sorted({*(error.valid_methods or ()), "OPTIONS"})
        if request.method == "OPTIONS":
            answer = preflight(methods) if is_preflight(request.environ) else Answer(204, b"")
            return Answer(answer.status, answer.body, {**answer.headers, "Allow": ", ".join(methods)})
        refusal = Refusal(405, f"{request.method} is not documented here.", headers={"Allow": ", ".join(methods)})
        return problems.answer(refusal)
    if status == 404:
        return problems.answer(nowhere())
    return problems.answer(Refusal(status, error.description or error.name))


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    # Not Flask's default: an answer says what it is, and one without a body says nothing.
    del response.headers["Content-Type"]
    response.headers.update(answer.headers)
    return response


def _add_cors_headers(response: Response) -> Response:
    for name, value in cors_headers().items():
        response.headers.setdefault(name, value)
    return response
