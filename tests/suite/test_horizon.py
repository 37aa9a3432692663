"""How late a fault can appear and still be found: each effort reads again what it wrote some seconds before.

The server and the suite share a clock that only waiting moves on, so that the machine's speed makes no difference.
"""

from collections.abc import Callable

import pytest

from contract_tests.client import horizon
from contract_tests.client.horizon import Horizon
from contract_tests.effort import EFFORTS
from contract_tests.outcome.run import Verdict
from contract_tests.transport.stopping import Deadline
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from mockserver.store.memory import MemoryStore
from tests.defects.kit.parts import broken
from tests.harness.trials import run_here
from tests.sampling import sample


class Clock:
    """A clock that only `sleep` moves on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(horizon, "monotonic", made)
    monkeypatch.setattr(Deadline, "sleep", lambda _, seconds: made.sleep(seconds))
    return made


class Late(MemoryStore):
    """A store that knows when each record was added."""

    def __init__(self, clock: Clock, after: float) -> None:
        self.clock, self.after = clock, after
        self.added: dict[str, float] = {}
        super().__init__()

    def is_kept(self, record: Conversation | Message) -> bool:
        return self.clock() - self.added.get(record.id, self.clock()) <= self.after

    def add_conversation(self, conversation: Conversation) -> None:
        self.added[conversation.id] = self.clock()
        super().add_conversation(conversation)

    def add_message(self, message: Message) -> None:
        self.added[message.id] = self.clock()
        super().add_message(message)


class LosingConversations(Late):
    """A conversation cannot be read any more some seconds after it was created."""

    def conversation(self, conversation_id: str) -> Conversation | None:
        found = super().conversation(conversation_id)
        return found if found is not None and self.is_kept(found) else None


class LosingMessages(Late):
    """A message is gone some seconds after it was sent."""

    def messages(self, conversation_id: str) -> Fixed[Message]:
        return Fixed([one for one in super().messages(conversation_id) if self.is_kept(one)])


class Reopening(Late):
    """A conversation that was resolved is open again some seconds after it was created, to whoever reads it."""

    def conversation(self, conversation_id: str) -> Conversation | None:
        found = super().conversation(conversation_id)
        return found if found is None or self.is_kept(found) else found._replace(status="open")


@pytest.mark.parametrize("kind", sample([LosingConversations, LosingMessages, Reopening]))
@pytest.mark.parametrize(("effort", "found", "missed"), [("quick", 0.9, 3.0), ("standard", 3.0, 40.0), ("thorough", 40.0, 300.0)])
def test_each_effort_finds_what_is_lost_before_its_horizon(
    clock: Clock, kind: Callable[[Clock, float], MemoryStore], effort: str, found: float, missed: float
) -> None:
    def judged(after: float) -> Verdict:
        server: WsgiApp = broken(store=kind(clock, after))
        return run_here(server, effort, only=("any.durable", "messages.listed-once", "resolve.only-that")).verdict

    assert judged(found) is Verdict.NONCONFORMANT
    assert judged(missed) is Verdict.CONFORMANT


def test_a_run_says_how_long_it_waits() -> None:
    run = run_here(broken(), only=("create.status",))
    assert run.horizon_s == EFFORTS["quick"].horizon
    assert any("within 60" in one for one in run.left_out)


def test_nothing_is_waited_for_that_is_old_enough(clock: Clock) -> None:
    waited: list[float] = []
    kept = Horizon(5.0)
    kept.wait(waited.append, 100.0)
    kept.note("create")
    clock.sleep(3.0)
    kept.wait(waited.append, 100.0)
    kept.wait(waited.append, 1.0)
    clock.sleep(3.0)
    kept.wait(waited.append, 100.0)
    assert waited == [2.0, 1.0]
