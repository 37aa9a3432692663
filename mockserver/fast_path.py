"""The fast path: when and how a request goes past Flask's contexts and response objects.

A plain request for a documented operation needs neither, and they take longer than the rest of the way. So it goes straight to the
dispatcher, where Flask's views of the operations go too. As soon as something was added that could see such a request (a hook, a
signal's receiver, a route beneath the documented ones, another view, a subclass), all requests go through Flask.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flask.signals
from flask import Flask

from mockserver.contract.document import Contract, Operation
from mockserver.http.routes import Routes

_SIGNALS = (
    flask.signals.request_started,
    flask.signals.request_finished,
    flask.signals.request_tearing_down,
    flask.signals.appcontext_pushed,
    flask.signals.appcontext_popped,
    flask.signals.appcontext_tearing_down,
)


class FastPath:
    """Decides which requests may bypass Flask. `usual` is the class of a plain application, `views` are its operations' views."""

    def __init__(self, app: Flask, usual: type[Flask], contract: Contract, views: Mapping[str, Callable[..., Any]]) -> None:
        # A reference to the application would make a cycle, and keep it until the next garbage collection.
        self._view_functions = app.view_functions
        self._views = views
        # Every path's prefix, not one common prefix: that would be empty once a document adds `/health/`.
        self._beneath = (*{operation.path.partition("{")[0].rstrip("/") for operation in contract}, "/<")
        self._closed = type(app) is not usual
        self._routes = Routes(contract)
        # Adding a hook or a receiver changes these objects in place.
        self._added = (
            app.before_request_funcs,
            app.after_request_funcs,
            app.teardown_request_funcs,
            app.teardown_appcontext_funcs,
            app.url_value_preprocessors,
            *(signal.receivers for signal in _SIGNALS),
        )
        self.match = self._routes.match
        """The documented operation that a method and a path mean, with the parameters in the path, or None."""

    def rule_was_added(self, rule: str) -> None:
        """Close the path for good if the rule could match a documented path."""
        self._closed |= rule.startswith(self._beneath)

    def is_open(self, environ: Mapping[str, Any], operation: Operation) -> bool:
        """Return whether a request for the operation can bypass Flask without anybody noticing."""
        return not (
            self._closed
            or any(self._added)
            or self._view_functions[operation.id] is not self._views[operation.id]
            # Flask's test client keeps the contexts of requests, so they must go through Flask.
            or "werkzeug.debug.preserve_context" in environ
        )
