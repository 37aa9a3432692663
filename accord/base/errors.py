"""What the command says when it cannot go on.

`AccordError` ends a command on purpose: what happened and why, and what to do next. Everything else that escapes is a defect of
Accord, which `accord.ending` tells in one line, too.
"""

import os

USAGE = 2
"""The exit code of a mistake of usage or configuration, and of a server that cannot be reached."""

INCONCLUSIVE = 3
"""The exit code where too little is known to say yes or no."""

SOFTWARE = os.EX_SOFTWARE if hasattr(os, "EX_SOFTWARE") else 70
"""The exit code of a fault of Accord itself: 70, as sysexits.h has it."""


class AccordError(Exception):
    """A mistake of usage, configuration or surroundings. Ends the command with `exit_code`, without a traceback.

    `message` says what happened and why; `hint` says what to do next.
    """

    exit_code = USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class StoppedEarly(AccordError):
    """A command was stopped before it had anything to say. Ends it with exit code 3."""

    exit_code = INCONCLUSIVE


class Fault(AccordError):
    """A fault of Accord itself, or reports that cannot be written. Ends the command with exit code 70.

    `details` is a traceback, which is written to a file. `reports_stand` says that the run has a verdict and its reports are
    whole, so that they stay.
    """

    exit_code = SOFTWARE

    def __init__(self, message: str, hint: str = "", *, details: str = "", reports_stand: bool = False) -> None:
        super().__init__(message, hint)
        self.details = details
        self.reports_stand = reports_stand
