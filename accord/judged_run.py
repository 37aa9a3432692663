"""A verification that returns its run without showing it: for commands that do more with a run than show it."""

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
    """Wait at most `wait` seconds for a server, judge it, and return what was found.

    Signals end the run early; a caller that gives a deadline handles them. Raises AccordError for a mistake of configuration.
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
