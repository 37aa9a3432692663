"""A verification whose verdict is not yet anybody's: for commands that do more with a run than to show it."""

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from accord.terminal import output
from accord.terminal.progress import RunShown

if TYPE_CHECKING:
    from contract_tests.outcome.run import Run
    from contract_tests.run.settings import Settings
    from contract_tests.transport.stopping import Deadline


def judged(settings: "Settings", wait: float | None, *, quiet: bool, deadline: "Deadline | None" = None) -> "Run":
    """Judge a server, which is waited for at most `wait` seconds, and return what was found.

    Signals end the run early, by way of the caller where it gives a deadline. Raises AccordError for a mistake of configuration.
    """
    from contract_tests.run.runner import prepare, verify
    from contract_tests.run.waiting import wait_until_up
    from contract_tests.transport.stopping import Deadline, ended_by_signals

    prepare()
    until = deadline or Deadline()
    with nullcontext() if deadline else ended_by_signals(until):
        wait_until_up(settings, wait, partial(output.say, err=True), until)
        with RunShown(quiet=quiet) as progress:
            return verify(settings, progress=progress, deadline=until)
