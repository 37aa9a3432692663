"""Where creates are broken: before they are handled, or after they were."""

from collections.abc import Callable
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, GET, Event, answering, broken, handling, text_of, with_body


def handled(change: Callable[[Event], Event | None]) -> WsgiApp:
    """Make a server that handles a create as if another one had been sent, which `change` returns."""
    return broken(pipeline=handling(change, CREATE))


def answered(change: Callable[[Any, Event], Any], *operations: str) -> WsgiApp:
    """Make a server that changes the responses of these operations; of create and get, if none is named."""
    return broken(pipeline=answering(change, *(operations or (CREATE, GET))))


def storing(member: str, change: Callable[[str], str]) -> WsgiApp:
    """A server that changes one member of a create before it stores it."""

    def handled(event: Event) -> Event | None:
        value = event.body.get(member)
        return with_body(event, **{member: text_of(value, change)}) if value is not None else None

    return broken(pipeline=handling(handled, CREATE))
