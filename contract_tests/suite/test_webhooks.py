"""Webhooks: each effect is reported to the listener in a signed, documented event, which is sent again if it was not accepted.

The listener runs beside all tests (contract_tests/webhook_receiver/); here something is done, and what comes is waited for. Retries
are awaited for a limited time only: what did not come by then is not tested.
"""

import time
from pathlib import Path

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.judging.check_log import Judge
from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.judging.mismatches.webhooks import event_header_mismatch, payload_mismatch, signature_mismatch
from contract_tests.run.settings import Settings
from contract_tests.suite.webhook_acts import CREATED, MESSAGE, RESOLVED, Acts, Effect, Unheard, done_elsewhere, refused
from contract_tests.transport.credentials import Credential
from contract_tests.webhook_receiver.behaviour import STATUSES, TAKEN, Kind
from contract_tests.webhook_receiver.inbox import Inbox

pytestmark = [pytest.mark.together, pytest.mark.since(2)]

MOST_ATTEMPTS = 6

_REQUIREMENT = {
    "conversation.created": "webhook.conversation-created",
    "conversation.resolved": "webhook.conversation-resolved",
    "message.created": "webhook.message-created",
    "callback.requested": "webhook.callback-requested",
}
_JUDGED = (Kind.ERROR, Kind.MISSING, Kind.REDIRECT)
"""Kinds of failure after which a missing retry can be detected. How long a server waits for a response is open."""

_SOON = 6
"""If all retries of one kind of failure came within this part of the waiting time, the others had time enough."""


@pytest.fixture(scope="module")
def acts(desk: Helpdesk, run_settings: Settings) -> Acts:
    """What was done, and the events that come of it."""
    if not run_settings.webhook_inbox:
        pytest.skip("needs --webhook-listen and --webhook-secret")
    inbox = Inbox(Path(run_settings.webhook_inbox), desk.target.deadline.sleep)
    return Acts(desk, inbox, run_settings.webhook_wait).do()


def untested(acts: Acts, *requirements: str) -> bool:
    """Note these requirements as not tested if no event came at all, and return whether that is so."""
    if reason := acts.silent:
        for requirement in requirements:
            acts.desk.judge.note_untested(requirement, reason)
    return bool(reason)


@pytest.mark.requirements(
    "webhook.conversation-created", "webhook.conversation-resolved", "webhook.message-created", "webhook.callback-requested"
)
def test_each_effect_is_told(acts: Acts) -> None:
    acts.await_all(acts.plain)
    if untested(acts, *_REQUIREMENT.values()):
        return
    absent = {effect.key for effect in acts.plain if not acts.inbox.of(effect.key)}
    if absent and acts.slowest > acts.until - acts.wait / 2:
        reason = f"Some events came late, and others not within {acts.wait:g} s; give a longer --webhook-wait."
        for event in {event for event, _, _ in absent}:
            acts.desk.judge.note_untested(_REQUIREMENT[event], reason)
        absent.clear()
    for effect in acts.plain:
        mismatch = None
        if effect.key in absent:
            told = f"{effect.event} of the conversation {effect.record.id} did not come"
            mismatch = Mismatch(told, f"at least once, within {acts.wait:g} s", "not at all")
        acts.desk.check(_REQUIREMENT[effect.event], mismatch, effect.exchange, about=[effect.record.id])


@pytest.mark.requirements("webhook.payload", "webhook.signature", "webhook.event-header")
def test_what_comes_is_as_documented_and_signed(acts: Acts, run_settings: Settings) -> None:
    acts.await_all([one for effects in acts.failing.values() for one in effects])
    if untested(acts, "webhook.payload", "webhook.signature", "webhook.event-header"):
        return
    for record, exchange in acts.own.values():
        for arrival in acts.about(record):
            acts.desk.check("webhook.payload", payload_mismatch(acts.desk.contract, arrival, record), exchange)
            acts.desk.check("webhook.signature", signature_mismatch(arrival, run_settings.webhook_secret or ""), exchange)
            acts.desk.check("webhook.event-header", event_header_mismatch(arrival), exchange)


@pytest.mark.requirements("webhook.retried")
def test_what_was_not_taken_comes_again(acts: Acts) -> None:
    acts.await_all([one for kind in (*_JUDGED, Kind.SILENT) for one in acts.failing[kind]], times=2)
    if untested(acts, "webhook.retried"):
        return
    pauses = {kind: [_pause(acts, one) for one in acts.failing[kind]] for kind in (*_JUDGED, Kind.SILENT)}
    swift = [kind for kind in _JUDGED if all(0 <= pause <= acts.wait / _SOON for pause in pauses[kind])]
    looked = False
    for kind, seconds in pauses.items():
        again = [effect for effect, pause in zip(acts.failing[kind], seconds, strict=True) if pause >= 0]
        for effect in again:
            acts.desk.check("webhook.retried", None, effect.exchange)
        if again:
            looked = True
        elif kind in _JUDGED and swift and (first := _first_came(acts, acts.failing[kind])):
            told = f"no delivery was tried again that was responded to with {STATUSES[kind]}"
            expected = f"a retry, as after {STATUSES[swift[0]]}, within {acts.wait / _SOON:g} s"
            acts.desk.check("webhook.retried", Mismatch(told, expected, f"none within {acts.wait:g} s"), first.exchange)
            looked = True
    if not looked:
        acts.desk.judge.note_untested("webhook.retried", f"No delivery was tried again within {acts.wait:g} s (--webhook-wait).")


def _pause(acts: Acts, effect: Effect) -> float:
    """The seconds from the first attempt to the second; negative if there was no second one."""
    came = acts.inbox.of(effect.key)
    return max(0.0, came[1].at - came[0].at) if len(came) > 1 else -1.0


def _first_came(acts: Acts, effects: list[Effect]) -> Effect | None:
    return next((effect for effect in effects if acts.inbox.of(effect.key)), None)


@pytest.mark.requirements("webhook.six-attempts")
def test_a_delivery_is_given_up_after_six_attempts(acts: Acts) -> None:
    effects = acts.failing[Kind.NEVER]
    acts.await_all(effects, times=MOST_ATTEMPTS)
    if untested(acts, "webhook.six-attempts"):
        return
    # A seventh would come after a longer pause than the sixth, if not soon.
    last = max((_last_pause(acts, effect) for effect in effects), default=0.0)
    patience = min(acts.until, time.time() + 1.5 * last + 0.5)
    most = MOST_ATTEMPTS * max(1, _copies(acts))
    acts.inbox.wait(patience, lambda: all(len(acts.inbox.of(one.key)) > most for one in effects))
    counts = [len(acts.inbox.of(effect.key)) for effect in effects]
    waited = time.time() >= patience and patience < acts.until
    if all(count > most for count in counts):
        for effect, count in zip(effects, counts, strict=True):
            told = f"{effect.event} of the conversation {effect.record.id} was sent {count} times, though it was never taken"
            acts.desk.check("webhook.six-attempts", Mismatch(told, f"at most {most} times", str(count)), effect.exchange)
        return
    for effect, count in zip(effects, counts, strict=True):
        if count == MOST_ATTEMPTS and waited:
            acts.desk.check("webhook.six-attempts", None, effect.exchange)
    if not waited or MOST_ATTEMPTS not in counts:
        reason = f"After {acts.wait:g} s it was not seen whether a seventh attempt comes; give a longer --webhook-wait."
        acts.desk.judge.note_untested("webhook.six-attempts", reason)


def _last_pause(acts: Acts, effect: Effect) -> float:
    came = acts.inbox.of(effect.key)
    return came[-1].at - came[-2].at if len(came) > 1 else 0.0


def _copies(acts: Acts) -> int:
    """Return how often, at most, an event came that was accepted at once: a server may deliver each more than once."""
    return max((len(acts.inbox.of(one.key)) for one in acts.plain if _taken(acts, one)), default=1)


def _taken(acts: Acts, effect: Effect) -> bool:
    return all(one.status == TAKEN for one in acts.inbox.of(effect.key))


@pytest.mark.requirements("webhook.none-for-refused")
def test_nothing_is_told_of_what_was_refused(desk: Helpdesk, acts: Acts) -> None:
    record = desk.create()
    unheard = refused(desk, record)
    if untested(acts, "webhook.none-for-refused"):
        return
    _pass_by(acts)
    items, _ = desk.read_messages(record.id)
    listed = {str(item.get("id")) for item in items}
    for one in unheard:
        desk.check("webhook.none-for-refused", _heard(acts, one, listed), one.exchange)


@pytest.mark.requirements("webhook.isolation")
def test_nothing_is_told_of_another_organisation(desk: Helpdesk, acts: Acts, other_server_key: Credential) -> None:
    unheard = done_elsewhere(desk, other_server_key)
    if untested(acts, "webhook.isolation"):
        return
    _pass_by(acts)
    desk.check("webhook.isolation", _heard(acts, unheard, set()), unheard.exchange)


def test_how_events_come(run_settings: Settings, request: pytest.FixtureRequest, judge: Judge) -> None:
    names = ("webhook_duplicates", "webhook_event_id")
    if not run_settings.webhook_inbox:
        for name in names:
            judge.observe(name, None, "Nobody listens; give --webhook-listen and --webhook-secret.")
        return
    acts: Acts = request.getfixturevalue("acts")
    acts.await_all(acts.plain)
    came = [arrival for effect in acts.plain for arrival in acts.inbox.of(effect.key)]
    copies = _copies(acts)
    shown_ids = [one.members.get("id", one.members.get("event_id")) for one in came]
    judge.observe(names[0], ("some" if copies > 1 else "none") if came else None, f"Events came up to {copies} times.")
    has_id = all(isinstance(one, str | int) for one in shown_ids)
    told = f"{len(came)} events came; the id of the first is {shown(shown_ids[0])}." if came else "No event came."
    judge.observe(names[1], ("member" if has_id else "none") if came else None, told)


def _pass_by(acts: Acts) -> None:
    """Create a conversation and wait for its event: events of earlier acts should have come by then."""
    record = acts.desk.create()
    acts.inbox.wait(time.time() + min(acts.wait, 10.0), lambda: bool(acts.inbox.of((CREATED, record.id, ""))))
    acts.inbox.wait(time.time() + 0.5, lambda: False)


def _heard(acts: Acts, unheard: Unheard, listed: set[str]) -> Mismatch | None:
    """Return which event tells of something that it must not tell of."""
    for arrival in acts.inbox.arrivals:
        event, conversation, message = arrival.key
        if unheard.event:
            told = (event, conversation) == (unheard.event, unheard.mark)
            # The server may send messages of its own, which are listed.
            told = told and (event == RESOLVED or (event == MESSAGE and message not in listed))
        else:
            told = unheard.mark in arrival.text
        if told:
            return Mismatch("an event tells of something that it must not tell of", "no event", shown(arrival.members))
    return None
