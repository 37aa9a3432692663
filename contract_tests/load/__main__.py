"""The process that loads: a line of JSON with settings comes by stdin, lines of JSON go to stdout, the last with what was found."""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from accord.base.errors import AccordError
from contract_tests.transport.stopping import Deadline, Stopped, stopped_by_parent

_HINT = "Install it: pip install locust, or pip install '.[load]' in a checkout of Accord."


def main() -> int:
    """Run what stdin asks for. The exit code is 0 where the last line says what was found, or which mistake was made."""
    deadline = Deadline()
    # Whoever is stopped by Ctrl-C is who started this process, and tells it: here it would interrupt any of the users.
    stopped_by_parent(deadline)
    asked = json.loads(sys.stdin.readline())
    try:
        # Before everything that opens sockets: Locust replaces them by gevent's.
        import locust  # noqa: F401
    except ImportError as error:
        _say({"error": f"Load needs Locust, which cannot be imported: {error}.", "hint": _HINT})
        return 0
    from contract_tests.load.distributed import run_master, run_worker
    from contract_tests.load.engine import run_alone
    from contract_tests.load.settings import ALONE, MASTER, WORKER, LoadSettings

    # Of what Locust logs, what matters is told by other means; its errors go to stderr.
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    load = LoadSettings.from_json(asked)
    try:
        found = {ALONE: run_alone, MASTER: run_master, WORKER: run_worker}[load.role](load, _say, deadline)
    except Stopped as stopped:
        _say({"stopped": f"{stopped} Nothing was judged by then."})
        return 0
    except AccordError as error:
        _say({"error": error.message, "hint": error.hint})
        return 0
    except Exception as error:  # noqa: BLE001  Whoever started this process tells it, and keeps the traceback.
        _say({"fault": f"{type(error).__name__}: {error}", "details": traceback.format_exc()})
        return 0
    _say({"found": found})
    return 0


def _say(message: Mapping[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(main())
