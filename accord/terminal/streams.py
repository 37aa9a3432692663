"""What the command writes to: stdout and stderr that never raise, whatever became of them.

A reader that has gone (`accord verify | head`), a descriptor that was closed before the start, or a full disk must not decide
what the exit code of a verification is, nor leave a traceback.
"""

import errno
import io
import os
import select
import sys
from typing import Any

_GONE = frozenset({errno.EPIPE, errno.EBADF, errno.EIO, errno.ECONNRESET, errno.ESHUTDOWN})
"""Nobody reads it any more, which is the reader's choice and no failure."""


class _Outlet(io.RawIOBase):
    """A descriptor to write to. After the first failure it takes what it is given and drops it; `failure` tells which it was."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._over = False
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return not self._over and os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        """Write some of it, and return how much."""
        while not self._over:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                # Whoever started us made it non-blocking, as Node.js does with pipes.
                select.select([], [self._descriptor], [])
            except OSError as error:
                self._over = True
                self.failure = None if error.errno in _GONE else error
        return len(data)


class Streams:
    """The guarded stdout of this process."""

    def __init__(self, outlet: _Outlet) -> None:
        self._outlet = outlet

    def failure(self) -> OSError | None:
        """Flush stdout, and return the error if it could not be written; None if it could, or if nobody reads it any more."""
        sys.stdout.flush()
        sys.stderr.flush()
        return self._outlet.failure


def guard() -> Streams:
    """Replace sys.stdout and sys.stderr by streams that never raise, and open what was closed. Call it once, at the start."""
    _open_what_is_closed()
    outlet = _Outlet(1)
    sys.stdout = _text(outlet, sys.stdout, line_buffering=os.isatty(1))
    sys.stderr = _text(_Outlet(2), sys.stderr, line_buffering=True)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8")
    return Streams(outlet)


def _open_what_is_closed() -> None:
    """Open the null device in the place of a closed descriptor: the next socket or file would take its number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _text(outlet: _Outlet, before: Any, *, line_buffering: bool) -> io.TextIOWrapper:
    # `before` is None if the descriptor was closed. A character that the encoding lacks is escaped, so that no error is raised.
    encoding = getattr(before, "encoding", None) or "utf-8"
    if before is not None:
        before.flush()
    return io.TextIOWrapper(io.BufferedWriter(outlet), encoding, "backslashreplace", line_buffering=line_buffering)
