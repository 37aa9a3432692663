"""Serve the helpdesk in Flask on 127.0.0.1 for somebody to try, with new keys each time."""

import argparse
import shlex
import sys

from flask_app import create_app
from helpdesk import Helpdesk


def main() -> None:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    helpdesk = Helpdesk()
    options = " ".join(f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in helpdesk.keys.items())
    print(f"accord verify http://127.0.0.1:{port} {options}", file=sys.stderr, flush=True)
    create_app(helpdesk).run("127.0.0.1", port, threaded=True)


main()
