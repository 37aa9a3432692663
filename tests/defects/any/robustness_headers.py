"""Servers that break down at some header that is no key."""

from email.utils import parsedate_to_datetime

from mockserver.contract.document import Operation
from mockserver.http.messages import Request
from mockserver.serving.server import WsgiApp
from tests.defects.kit.crashing import ERROR, crashing
from tests.defects.kit.parts import GET, LIST
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect(ERROR, difficulty=RARE)
def robustness_500_accept_without_a_slash() -> WsgiApp:
    """A list is answered with 500 where the first media range of Accept has no slash."""
    return crashing(lambda operation, request: operation.id == LIST and _unsplit(request.header("Accept")))


@defect(ERROR, difficulty=RARE)
def robustness_500_date_that_is_none() -> WsgiApp:
    """A read is answered with 500 where If-Modified-Since is no date."""

    def is_none(operation: Operation, request: Request) -> bool:
        since = request.header("If-Modified-Since")
        if operation.id != GET or since is None:
            return False
        try:
            parsedate_to_datetime(since)
        except ValueError:
            return True
        return False

    return crashing(is_none)


@defect(ERROR, difficulty=RARE)
def robustness_500_cookie_without_a_name() -> WsgiApp:
    """A cookie without a name is answered with 500."""
    return crashing(lambda operation, request: (request.header("Cookie") or "").startswith("="))


@defect(ERROR, difficulty=RARE)
def robustness_500_charset_in_quotes() -> WsgiApp:
    """A charset in quotation marks in the content type is answered with 500: no codec is called that."""
    return crashing(lambda operation, request: 'charset="' in str(request.environ.get("CONTENT_TYPE")))


def _unsplit(accept: str | None) -> bool:
    return bool(accept) and "/" not in str(accept).partition(",")[0]
