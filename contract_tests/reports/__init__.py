"""The reports of a run: one small writer per format, all of them rendering the same Run."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from accord.errors import AccordError
from contract_tests.reports import report_json
from contract_tests.results import Run

FORMATS: Mapping[str, Callable[[Run], str]] = {
    "report.json": report_json.render,
}


def write_reports(run: Run, directory: Path) -> dict[str, Path]:
    """Write every format into the directory, which is made where it does not exist, and return where each file is.

    A file is replaced as a whole or left as it was. Raises AccordError where it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return {name: _replace(directory / name, render(run)) for name, render in FORMATS.items()}
    except OSError as error:
        raise AccordError(
            f"The reports cannot be written to {directory}: {error.strerror or error}.",
            "Give another directory with --report-dir.",
        ) from error


def _replace(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        # mkstemp lets only the owner read, which would keep a CI system from collecting the file.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path
