"""Why the body of a request is missing."""


class BodyCutError(ConnectionError):
    """A body ended before it was whole."""


class BodyLateError(TimeoutError):
    """A body did not arrive in time."""


class BodyTooLongError(OSError):
    """A body is longer than is received."""


STATUS_OF: dict[type[OSError], int] = {BodyCutError: 400, BodyLateError: 408, BodyTooLongError: 413}
"""The status of the response to a request, by the reason why its body is missing."""
