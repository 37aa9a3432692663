"""What a run does about what it leaves behind: it counts it, names it in a file, and closes it at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from contract_tests.contract.document import Contract
from contract_tests.contract.operations import RESOLVE_CONVERSATION
from contract_tests.run.settings import Settings
from contract_tests.transport.creations import Creations, Exhausted
from contract_tests.transport.exchange import Call
from contract_tests.transport.guard import Unsafe, Withheld
from contract_tests.transport.sender import Target, Unanswered, Unavailable
from contract_tests.transport.stopping import Stopped


@contextmanager
def counting(settings: Settings) -> Iterator[Settings]:
    """The settings by which all processes of a run count what they create, where somebody asks.

    The file that names it is removed first: what another run created is not to be taken for this one's.
    """
    if not (settings.created or settings.resolve_at_end or settings.max_conversations is not None):
        yield settings
        return
    if settings.created:
        Path(settings.created).unlink(missing_ok=True)
    with TemporaryDirectory(prefix="accord-") as directory:
        yield replace(settings, count=str(Path(directory, "count")))


def creations_of(settings: Settings, *, alone: bool = False) -> Creations | None:
    """What counts for this process of a run, which is `alone` for now; None where nobody asks how much it creates."""
    if not settings.count:
        return None
    count = None if alone else Path(settings.count)
    creations = Creations(count, settings.max_conversations, settings.created, settings.keys.redactor().redact)
    if settings.run_id:
        creations.recognize(settings.run_id, settings.email_domain)
    return creations


def resolve_all(target: Target, contract: Contract) -> int:
    """Resolve what the run has created, as far as time allows, and return how many were resolved. Nothing of it is judged."""
    assert target.creations is not None
    operation, resolved = contract[RESOLVE_CONVERSATION], 0
    keys = target.keys
    target.watch = _unheard
    for conversation_id, other in target.creations.made():
        credential = keys.other_server if other else keys.server
        target.guard.own(conversation_id, {}, other=other)
        try:
            path = operation.path_for(conversation_id)
            resolved += target.send(Call(operation.method, path, credential=credential)).succeeded
        except (Unsafe, Withheld, Exhausted):
            # What is not surely the run's own stays as it is.
            continue
        except (Unanswered, Unavailable, Stopped):
            break
    return resolved


def _unheard(_: object) -> None:
    """What is closed at the end is not judged."""
