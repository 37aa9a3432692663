"""Waiting for a server that is just starting, before anything is asked of it."""

import time
from collections.abc import Callable

from accord.base.errors import AccordError
from contract_tests.contract.document import load_contract
from contract_tests.run.settings import Settings
from contract_tests.run.targets import target_of
from contract_tests.transport.http import NoResponse
from contract_tests.transport.sender import GATEWAY, Target
from contract_tests.transport.stopping import Deadline, Stopped

EVERY = 10.0
"""Seconds between two lines that say what is waited for."""

_BETWEEN = 0.3
"""Seconds between two attempts."""


def wait_until_up(settings: Settings, seconds: float | None, say: Callable[[str], None], deadline: Deadline) -> None:
    """Return as soon as any response other than a gateway's 502, 503 or 504 comes, or the run is over.

    What does not go away by waiting, such as a certificate that is not trusted, is left for the preflight to tell. Raises
    AccordError where the server is not up after so many seconds. `say` is told what is waited for, once and then every 10 s.
    """
    if not seconds:
        return
    contract = load_contract(settings.spec_path)
    began = time.monotonic()
    told: float | None = None
    while True:
        left = began + seconds - time.monotonic()
        target = target_of(settings, contract, deadline, timeout=min(settings.timeout, max(left, 0.1)))
        try:
            trouble = _trouble(target)
            if trouble is None:
                return
            now = time.monotonic()
            if now >= began + seconds:
                raise AccordError(
                    f"{settings.base_url} was not up within {seconds:g} s. The last error: {trouble}.",
                    "See why it does not start, or raise --wait.",
                )
            if told is None or now - told >= EVERY:
                told = now
                say(f"Waiting up to {seconds - (now - began):.0f} s for {settings.base_url}: {target.redact(str(trouble))}")
            deadline.sleep(min(_BETWEEN, began + seconds - now))
        except Stopped:
            # The caller finds that the run is over, and reports it in its own way.
            return
        finally:
            target.close()


def _trouble(target: Target) -> str | None:
    """What shows that the server is not up yet."""
    try:
        status = target.ask_once()
    except NoResponse as error:
        return None if error.lasting else str(error)
    return f"it answers {status}" if status in GATEWAY else None
