"""Reading what a receiver asks for: `{"url", "secret", "events", …}`, checked, so that a mistake is told at once."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields, replace
from hashlib import blake2b
from typing import Any

from accord.base.errors import AccordError
from mockserver.model.deliveries import Subscription
from mockserver.webhooks.targets import Targets

SETTINGS = tuple(field.name for field in fields(Subscription) if field.name != "id")
"""What a request may say of a subscription."""

MOST_SUBSCRIPTIONS = 100
"""The most subscriptions that each namespace may have."""

_LONGEST_SECRET = 500
_SECONDS = {"timeout": (0.05, 60), "late": (0, 86_400)}


def subscription_of(settings: Mapping[str, Any], subscription_id: str, known: Collection[str], targets: Targets) -> Subscription:
    """Return the subscription that the settings ask for; `known` are the documented events. Raises AccordError."""
    for name in ("url", "secret"):
        if settings.get(name) is None:
            raise AccordError(f"The member {name} is missing.", 'For example {"url": "http://127.0.0.1:9000/", "secret": "…"}.')
    subscription = Subscription(subscription_id, "", "", tuple(known))
    return changed(subscription, {name: value for name, value in settings.items() if value is not None}, known, targets)


def changed(subscription: Subscription, settings: Mapping[str, Any], known: Collection[str], targets: Targets) -> Subscription:
    """Return the subscription with some of SETTINGS changed. Raises AccordError for a value that cannot be used."""
    checked = {name: _checked(name, value, known, targets) for name, value in settings.items()}
    return replace(subscription, **checked)


def _checked(name: str, value: Any, known: Collection[str], targets: Targets) -> Any:
    if name == "url":
        if not isinstance(value, str):
            raise AccordError("The member url is not a text.", "For example http://127.0.0.1:9000/hooks.")
        targets.check_for_subscription(value)
        return value
    if name == "secret":
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_SECRET:
            raise AccordError(f"The member secret is not a text of 1 to {_LONGEST_SECRET} characters.", "Choose one by chance.")
        return value
    if name == "organisation":
        if value is None:
            return ""
        if not isinstance(value, str):
            raise AccordError("The member organisation is not the name of an organisation.")
        return value
    if name == "events":
        return _events(value, known)
    if name in _SECONDS:
        return _seconds(name, value, *_SECONDS[name])
    if not isinstance(value, bool):
        raise AccordError(f"The member {name} is neither true nor false.")
    return value


def _events(value: Any, known: Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise AccordError("The member events is not a list of events.", f"Events: {', '.join(known)}; leave it out for all.")
    for event in value:
        if event not in known:
            raise AccordError(f"The member events has {str(event)[:100]!r}, which is no event.", f"Events: {', '.join(known)}.")
    return tuple(event for event in known if event in value)


def _seconds(name: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise AccordError(f"The member {name} is not a number of seconds between {least:g} and {most:g}.")
    return float(value)


def from_options(url: str | None, secret: str | None, known: Collection[str], targets: Targets) -> tuple[Subscription, ...]:
    """Return what --webhook and --webhook-secret ask for; nothing without a URL. Raises AccordError."""
    if url is None and secret is None:
        return ()
    if url is None or not secret:
        missing = "--webhook-secret" if url else "--webhook"
        raise AccordError(f"{missing} is missing: events are signed and sent.", "Give both --webhook URL and --webhook-secret S.")
    # The id depends only on the URL, so that a database has the subscription only once, even after a restart.
    made = f"start-{blake2b(url.encode(), digest_size=6).hexdigest()}"
    return (subscription_of({"url": url, "secret": secret}, made, known, targets),)


def shown(subscription: Subscription, *, whole: bool = False) -> dict[str, Any]:
    """Return the subscription as a JSON value; its secret shortened, unless it is to be shown whole.

    The organisation is null if it is whichever has the first key.
    """
    value = asdict(subscription)
    secret = subscription.secret
    value["organisation"] = subscription.organisation or None
    return {**value, "secret": secret if whole else f"…{secret[-4:] if len(secret) >= 16 else ''}"}
