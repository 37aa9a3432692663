"""The mock in a process of its own: `python -m mockserver.serving.child DESCRIPTOR`, with settings as JSON on stdin.

Prints a line of JSON on stdout: that it is ready, or why it is not. Ends on SIGTERM, or when stdin ends, that is, with its parent.
"""

import json
import os
import signal
import socket
import sys
import threading
import traceback

from accord.base.errors import AccordError
from mockserver.gc_tuning import at_rest


@at_rest()
def main() -> None:
    """Serve on the inherited socket."""
    settings = json.loads(sys.stdin.readline())
    try:
        from mockserver.app import create_app
        from mockserver.serving.server import serve

        app = create_app(**settings)
    except AccordError as error:
        _say({"error": error.message, "hint": error.hint})
        return
    except Exception as error:  # noqa: BLE001  Whoever started this process tells it, and keeps the traceback.
        _say({"fault": f"{type(error).__name__}: {error}", "details": traceback.format_exc()})
        return
    # An interrupt from the terminal reaches parent and child; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        serve(app, listener, lambda: _say({"ready": True}), until=(signal.SIGTERM,))


def _say(report: dict[str, object]) -> None:
    print(json.dumps(report), flush=True)


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
