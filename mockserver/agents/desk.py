"""An agent in one namespace: it sees what happens there, and does what its script says, on the namespace's clock.

Planned steps are in the memory of one process. Where several processes share a database, the agent of each one reacts only to
requests that this process handled.
"""

import heapq
import logging
import threading
from itertools import count
from typing import NamedTuple

from mockserver.agents.runner import Runner
from mockserver.agents.script import Script, Step, told
from mockserver.handling.agent_actions import AgentActions, Change, Reply
from mockserver.model.clock import Clock
from mockserver.model.events import CONVERSATION_CREATED, MESSAGE_CREATED, Event, Listeners
from mockserver.model.refusal import Refusal
from mockserver.store import NamespaceGoneError, Store, StoreUnavailableError

MOST_PLANNED = 100_000
"""The most steps that may be planned at once. An event whose steps would exceed it is ignored."""

_MICROSECONDS = 1_000_000
_LOOK_AGAIN = 1.0

_log = logging.getLogger("mockserver")


class _Planned(NamedTuple):
    due: int
    number: int
    conversation: str
    step: Step
    reply: Reply | None


class Desk:
    """What an agent is about to do in a namespace. Thread-safe."""

    def __init__(self, script: Script, store: Store, actions: AgentActions, clock: Clock) -> None:
        self._script = script
        self._clock = clock
        self._lock = threading.Lock()
        self._runner: Runner | None = None
        self.go_on(store, actions)
        self.reset()

    def go_on(self, store: Store, actions: AgentActions) -> None:
        """Use this store and these actions from now on."""
        self._store, self._actions = store, actions

    def work(self, runner: Runner) -> None:
        """Act as time passes, by the runner's thread, and as soon as the clock is moved on."""
        self._runner = runner
        self._clock.moved = self._look

    def reset(self) -> None:
        """Forget the planned steps, and in which conversations the agent is silent."""
        with self._lock:
            self._numbers = count()
            self._planned: list[_Planned] = []
            self._silent: set[str] = set()

    def are_there(self) -> bool:
        """Return True: an agent always takes events."""
        return True

    def publish(self, event: Event) -> None:
        """Plan what the script says of that event. Called within the transaction of what happened."""
        steps = self._script.steps(event) if event.name in (CONVERSATION_CREATED, MESSAGE_CREATED) else ()
        id = event.conversation.id
        if not steps or id in self._silent:
            return
        due = self._clock.now()
        with self._lock:
            if len(self._planned) + len(steps) > MOST_PLANNED:
                _log.warning("The agent is about to do %s things, the most that it may, and plans no more.", MOST_PLANNED)
                return
            for step in steps:
                due += step.after
                reply = step.reply or (Reply(told(event)) if step.act == "reply" else None)
                heapq.heappush(self._planned, _Planned(due, next(self._numbers), id, step, reply))
        if self._runner is not None:
            self._runner.wake(self)

    def run_due(self) -> float | None:
        """Do what is due. Returns after how many seconds to look again, or None if nothing is planned."""
        while (planned := self._next()) is not None:
            if not self._do(planned):
                return _LOOK_AGAIN
        with self._lock:
            if not self._planned:
                return None
            if self._clock.frozen:
                # Moving the clock on does what is due (`_look`), so looking again now and then is enough.
                return _LOOK_AGAIN
            left = (self._planned[0].due - self._clock.now()) / _MICROSECONDS / self._clock.speed
            return min(_LOOK_AGAIN, max(0.001, left))

    def _next(self) -> _Planned | None:
        now = self._clock.now()
        with self._lock:
            return heapq.heappop(self._planned) if self._planned and self._planned[0].due <= now else None

    def _do(self, planned: _Planned) -> bool:
        """Do one step. False if it has to be done later, as the state cannot be reached."""
        try:
            with self._store.transaction():
                self._act(planned)
        except (Refusal, NamespaceGoneError):
            pass  # The conversation is gone, and nobody waits for a reply.
        except StoreUnavailableError as error:
            _log.warning("The agent waits: %s", error)
            with self._lock:
                heapq.heappush(self._planned, planned)
            return False
        return True

    def _act(self, planned: _Planned) -> None:
        id, step, actions = planned.conversation, planned.step, self._actions
        if id in self._silent:
            return
        if planned.reply is not None:
            actions.reply(id, planned.reply)
        elif step.act == "assign":
            actions.change(id, Change(assigns=True, assignee=step.assignee))
        elif step.act == "silence":
            self._silent.add(id)
        else:
            actions.change(id, actions.closing() if step.act == "resolve" else actions.opening())

    def _look(self) -> None:
        self.run_due()
        if self._runner is not None:
            self._runner.wake(self)


class Together:
    """Passes each event on to several listeners."""

    def __init__(self, *listeners: Listeners) -> None:
        self._listeners = listeners

    def are_there(self) -> bool:
        """Return whether one of the listeners takes events."""
        return any(one.are_there() for one in self._listeners)

    def publish(self, event: Event) -> None:
        """Pass the event to each listener that takes events."""
        for one in self._listeners:
            if one.are_there():
                one.publish(event)
