"""Subscriptions to events, and what became of each delivery, of the namespace that a request is addressed to.

`GET` and `POST /__accord__/webhooks`, `GET`, `PATCH` and `DELETE /__accord__/webhooks/ID`; `GET /__accord__/webhooks/deliveries`,
`POST /__accord__/webhooks/deliveries/ID/redeliver`; `POST /__accord__/webhooks/trigger` fires an event now.
"""

import re
import secrets
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import ControlError, members_of
from mockserver.control.responses import detail_response
from mockserver.model.clock import Times
from mockserver.model.deliveries import Attempt, Delivery, Subscription
from mockserver.model.events import MESSAGE_CREATED, Event
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.namespace import Namespace
from mockserver.namespaces.registry import Namespaces
from mockserver.webhooks.subscriptions import MOST_SUBSCRIPTIONS, SETTINGS, changed, shown, subscription_of

T = TypeVar("T")

_ID = re.compile(r"[0-9]{1,18}")
_LIMIT = re.compile(r"[0-9]{1,9}")
_USUAL_LIMIT = 100
_NONE: list[dict[str, Any]] = []
_times = Times(6, "Z")


def webhook_routes(namespaces: Namespaces, events: Collection[str]) -> Blueprint:
    """Return the routes, for a Flask application; `events` are the documented ones."""
    blueprint = Blueprint("accord_webhooks", __name__, url_prefix=f"{PREFIX}/webhooks")

    def here(act: Callable[[Namespace], T]) -> T:
        def within(namespace: Namespace) -> T:
            with namespace.store.transaction():
                return act(namespace)

        return namespaces.again(namespace_of(request.environ), within)

    def there(act: Callable[[Namespace], T], otherwise: T) -> T:
        # Asking makes no namespace.
        return here(act) if namespaces.is_there(namespace_of(request.environ)) else otherwise

    @blueprint.get("", provide_automatic_options=False)
    def show_all() -> Response:
        return jsonify(results=there(lambda namespace: [shown(one) for one in namespace.outbox.subscriptions()], _NONE))

    @blueprint.post("", provide_automatic_options=False)
    def subscribe() -> Response:
        settings = members_of(request, "A webhook", SETTINGS)
        made = subscription_of(settings, secrets.token_hex(8), events, namespaces.targets)

        def keep(namespace: Namespace) -> None:
            _check_organisation(namespace, made)
            if len(namespace.outbox.subscriptions()) >= MOST_SUBSCRIPTIONS:
                raise ControlError(400, f"There are {MOST_SUBSCRIPTIONS} webhooks, which is the most there may be; delete some.")
            namespace.outbox.keep_subscription(made)

        here(keep)
        namespaces.deliverer.wake()
        response = jsonify(shown(made, whole=True))
        response.status_code = 201
        return response

    @blueprint.get("/<name>", provide_automatic_options=False)
    def show(name: str) -> Response:
        found = there(lambda namespace: namespace.outbox.subscription(name), None)
        return _missing(name) if found is None else jsonify(shown(found))

    @blueprint.patch("/<name>", provide_automatic_options=False)
    def change(name: str) -> Response:
        settings = members_of(request, "A webhook", SETTINGS)

        def keep(namespace: Namespace) -> Subscription | None:
            found = namespace.outbox.subscription(name)
            if found is not None:
                found = changed(found, settings, events, namespaces.targets)
                _check_organisation(namespace, found)
                namespace.outbox.keep_subscription(found)
            return found

        kept = there(keep, None)
        return _missing(name) if kept is None else jsonify(shown(kept))

    @blueprint.delete("/<name>", provide_automatic_options=False)
    def drop(name: str) -> Response:
        return Response(status=204) if there(lambda namespace: namespace.outbox.drop_subscription(name), False) else _missing(name)

    @blueprint.get("/deliveries", provide_automatic_options=False)
    def show_deliveries() -> Response:
        limit = request.args.get("limit", str(_USUAL_LIMIT))
        if not _LIMIT.fullmatch(limit):
            raise ControlError(400, "The parameter limit is not a number of deliveries, such as 20.")
        return jsonify(results=there(lambda namespace: [_shown(one) for one in namespace.outbox.deliveries(int(limit))], _NONE))

    @blueprint.post("/deliveries/<name>/redeliver", provide_automatic_options=False)
    def redeliver(name: str) -> Response:
        members_of(request, "A redelivery")

        def again(namespace: Namespace) -> Delivery | None:
            found = namespace.outbox.delivery(int(name)) if _ID.fullmatch(name) else None
            if found is not None and namespace.outbox.subscription(found.subscription) is None:
                raise ControlError(409, "The webhook of this delivery was deleted; there is nobody to send it to.")
            return None if found is None else namespace.publisher.send_again(found)

        added = there(again, None)
        return detail_response(404, f"There is no delivery {name[:100]}.") if added is None else _accepted(_shown(added))

    @blueprint.post("/trigger", provide_automatic_options=False)
    def trigger() -> Response:
        members = members_of(request, "A trigger", ("event", "conversation"))
        event, conversation = members.get("event"), members.get("conversation")
        if event not in events:
            raise ControlError(400, f"The member event is not one of {', '.join(events)}.")
        if not isinstance(conversation, str):
            raise ControlError(400, "The member conversation is not the id of a conversation.")
        fired = there(lambda namespace: namespace.publisher.publish(_event(namespace, str(event), conversation)), None)
        if fired is None:
            raise ControlError(404, "There is no such namespace, and so no conversation in it.")
        return _accepted({"deliveries": [str(one.id) for one in fired]})

    return blueprint


def _event(namespace: Namespace, name: str, conversation_id: str) -> Event:
    """The event, of the conversation as it is now and of its latest message. Raises ControlError if there is none."""
    conversation = namespace.store.conversation(conversation_id)
    if conversation is None:
        raise ControlError(404, "The member conversation is not the id of a conversation that is there.")
    if name != MESSAGE_CREATED:
        return Event(name, conversation)
    messages = namespace.store.messages(conversation_id)
    latest = messages.page(max(0, len(messages) - 1), 1)
    if not latest:
        raise ControlError(409, "The conversation has no message that an event could be about; send one first.")
    return Event(name, conversation, latest[0])


def _check_organisation(namespace: Namespace, subscription: Subscription) -> None:
    known = namespace.keys.organisations
    if subscription.organisation and subscription.organisation not in known:
        raise ControlError(400, f"The member organisation is none that has keys: {', '.join(known)}.")


def _accepted(value: dict[str, Any]) -> Response:
    response = jsonify(value)
    response.status_code = 202
    return response


def _shown(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "webhook": delivery.subscription,
        "event": delivery.event,
        "conversation": delivery.conversation,
        "state": delivery.state,
        "created_at": _times.text(delivery.created_at),
        "next_at": _time(delivery.next_at),
        "redelivery_of": None if delivery.redelivery_of is None else str(delivery.redelivery_of),
        "body": delivery.body.decode(),
        "attempts": [_attempt(one) for one in delivery.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    answered = attempt.status is not None
    return {
        "number": attempt.number,
        "at": _times.text(attempt.at),
        "request": {"url": attempt.url, "headers": dict(attempt.headers)},
        "response": {"status": attempt.status, "body": attempt.body} if answered else None,
        "reason": attempt.reason or None,
        "milliseconds": attempt.latency_ms,
        "next_at": _time(attempt.next_at),
    }


def _time(moment: int | None) -> str | None:
    return None if moment is None else _times.text(moment)


def _missing(name: str) -> Response:
    return detail_response(404, f"There is no webhook {name[:100]}.")
