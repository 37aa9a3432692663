"""What the command says when it cannot go on.

`AccordError` is the one exception that ends a command on purpose: what happened and why, and what to do next. Everything else that
escapes is a defect of ours and may show its traceback.
"""


class AccordError(Exception):
    """A mistake of usage, configuration or surroundings. Ends the command with `exit_code`, without a traceback.

    `message` says what happened and why; `hint` says what to do next.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()
