"""The file by which `accord mock --ready-file` says that it responds, and where."""

import os
from pathlib import Path

from accord.base.errors import AccordError


class ReadyFile:
    """A file that has the URL of a mock for as long as that responds."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def remove(self) -> None:
        """Remove the file of an earlier mock, so that nobody who waits for the file mistakes it for this mock's.

        Raises AccordError where it cannot be removed.
        """
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise AccordError(
                f"The ready file {self._path} cannot be replaced: {error.strerror}.", "Check --ready-file."
            ) from error

    def write(self, url: str) -> None:
        """Write it beside and move it into place, so that nobody reads half of it.

        Raises AccordError where it cannot be written.
        """
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            beside.write_text(f"{url}\n", encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise self._problem("written", error) from error

    def remove_own(self, url: str) -> None:
        """Remove it, unless a mock that was started later has put its own there."""
        try:
            if self._path.read_text(encoding="utf-8") == f"{url}\n":
                self._path.unlink()
        except (OSError, UnicodeError):
            return  # It is somebody else's, or gone already.

    def _problem(self, done: str, error: OSError) -> AccordError:
        return AccordError(f"The ready file {self._path} cannot be {done}: {error.strerror}.", "Check --ready-file.")
