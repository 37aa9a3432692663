"""Running what Hypothesis generates: the exception that ended a test is raised, and not the one that Hypothesis makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis.errors import Flaky

from contract_tests.judging.check_log import Blocked
from contract_tests.transport.creations import Exhausted
from contract_tests.transport.guard import Withheld
from contract_tests.transport.sender import Unanswered, Unavailable
from contract_tests.transport.stopping import Stopped

_ENDINGS = (Blocked, Unanswered, Unavailable, Withheld, Exhausted, Stopped)


@contextmanager
def endings_as_they_are() -> Iterator[None]:
    """Raise the exception that ended a test, even if Hypothesis reports instead that it did not happen a second time.

    A request that is not answered once may well be answered the next time.
    """
    try:
        yield
    except (Flaky, BaseExceptionGroup) as error:
        ending = _ending_in(error)
        if ending is None:
            raise
        raise ending from error


def _ending_in(error: BaseException | None) -> BaseException | None:
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, _ENDINGS):
            return one
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
        left += [one.__cause__, one.__context__]
    return None
