"""`python -m tests.proxy variations|mutants`: what the proxy says of conforming variants, and of every n-th broken server.

The variants get the suite's own requests, the broken servers those of a plain client (session.py).
"""

import sys
import time

from tests.harness.trials import run_here
from tests.proxy.judged import Judged
from tests.proxy.session import plain_session


def variations(every: int) -> int:
    """Send the suite's requests to conforming servers. Returns 1 if the proxy accuses one of them, else 0."""
    from tests.variations.registry import all_variations

    accused = 0
    for number, one in enumerate(all_variations().values()):
        server = one.server()
        if number % every or server.serve is not None or server.base_path:
            continue
        app = Judged(server.app, keep=False)
        began = time.monotonic()
        run_here(app, "quick", **server.settings)
        accused += bool(app.accusations)
        print(f"{one.name}: {len(app.accusations)} accusations, {time.monotonic() - began:.0f} s", flush=True)
        for line in app.accusations[:5]:
            print(f"    {line[:300]}", flush=True)
    return 1 if accused else 0


def mutants(every: int) -> int:
    """Send a plain client's requests to broken servers, and print what the proxy names. Returns 0."""
    from tests.defects.registry import all_defects

    defects = [*all_defects().values()][::every]
    named = rightly = 0
    for one in defects:
        app = Judged(one.app(), keep=False)
        plain_session(app)
        ids = {line.partition(":")[0] for line in app.accusations}
        named += bool(ids)
        rightly += bool(ids & set(one.breaks))
        print(f"{one.name}: {', '.join(sorted(ids)) or '-'} (violates {', '.join(one.breaks)})", flush=True)
    print(f"{named} of {len(defects)} named, {rightly} of them by a requirement that they violate")
    return 0


if __name__ == "__main__":
    what, every = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    sys.exit({"variations": variations, "mutants": mutants}[what](every))
