"""Servers that try too little again, or too often."""

from mockserver.model.deliveries import Delivery
from mockserver.serving.server import WsgiApp
from mockserver.webhooks.schedule import next_attempt
from tests.defects.kit.hooks import retrying_by, sending_by, taking
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty

_SECOND = 1_000_000


@defect("webhook.retried", difficulty=EASY)
def hook_errors_of_the_client_are_final() -> WsgiApp:
    """A receiver that responds with 404 is not tried again."""
    return sending_by(taking(lambda status: status == 404))


@defect("webhook.retried", difficulty=MEDIUM)
def hook_redirects_are_success() -> WsgiApp:
    """A redirect counts as success."""
    return sending_by(taking(lambda status: 300 <= status < 400))


@defect("webhook.retried", difficulty=MEDIUM)
def hook_any_response_is_success() -> WsgiApp:
    """Whatever a receiver below 500 responds counts as success."""
    return sending_by(taking(lambda status: status < 500))


@defect("webhook.six-attempts", difficulty=EASY)
def hook_tries_for_ever() -> WsgiApp:
    """A delivery is tried every second until it is taken."""
    return retrying_by(lambda delivery, failed, now: now + _SECOND)


@defect("webhook.six-attempts", difficulty=MEDIUM)
def hook_seven_attempts() -> WsgiApp:
    """A delivery is given up after the seventh attempt: the first one is not counted."""

    def change(delivery: Delivery, failed: int, now: int) -> int | None:
        if failed >= 7:
            return None
        return next_attempt(delivery, max(1, failed - 1), now)

    return retrying_by(change)
