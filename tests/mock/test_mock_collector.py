"""The garbage collector is off while a mock starts, and never examines again what existed then."""

import gc
import subprocess
import sys

from mockserver.gc_tuning import at_rest

SPARED = """
import gc
from mockserver.gc_tuning import at_rest, spare

with at_rest():
    kept = [[] for _ in range(1000)]
    assert not gc.isenabled()
    spare()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000
assert gc.isenabled()

frozen = gc.get_freeze_count()
later = [[] for _ in range(1000)]
# Of the youngest only, as most collections are.
gc.collect(0)
assert gc.get_freeze_count() >= frozen + 1000
"""


def test_it_is_as_it_was_after_a_rest():
    with at_rest(), at_rest():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_stays_is_put_aside():
    """This runs in a process of its own, since it cannot be undone."""
    done = subprocess.run([sys.executable, "-c", SPARED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
