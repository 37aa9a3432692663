"""The process behind `mockserver.running`: `python -m mockserver.child DESCRIPTOR`, with the settings as a line of JSON on stdin.

Says on stdout, in a line of JSON, that it answers or why it does not. Ends by SIGTERM, or with stdin, that is, with its parent.
"""

import json
import os
import signal
import socket
import sys
import threading

from accord.errors import AccordError
from mockserver.collector import at_rest


@at_rest()
def main() -> None:
    """Serve on the inherited socket."""
    settings = json.loads(sys.stdin.readline())
    try:
        from mockserver.app import create_app
        from mockserver.server import serve

        app = create_app(**settings)
    except AccordError as error:
        _say({"error": error.message, "hint": error.hint})
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
