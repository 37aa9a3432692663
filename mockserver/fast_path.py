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
    """Tells which requests may go past Flask, for an application of the class `usual` that has `views` of the operations."""

    def __init__(self, app: Flask, usual: type[Flask], contract: Contract, views: Mapping[str, Callable[..., Any]]) -> None:
        # Not the application itself: it would be in a cycle, and kept until the next collection.
        self._view_functions = app.view_functions
        self._views = views
        # One by one: what they have in common is nothing once a document adds `/health/`.
        self._beneath = (*{operation.path.partition("{")[0].rstrip("/") for operation in contract}, "/<")
        self._closed = type(app) is not usual
        self._routes = Routes(contract)
        # Each is changed in place by whatever is added.
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
        """Whether nobody could tell that a request for the operation did not go through Flask."""
        return not (
            self._closed
            or any(self._added)
            or self._view_functions[operation.id] is not self._views[operation.id]
            # Flask's test client, which keeps the contexts of its requests for whoever asks.
            or "werkzeug.debug.preserve_context" in environ
        )
