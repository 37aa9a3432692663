"""What a check that passed implies of a list of messages, and of the messages that were sent before."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from contract_tests.certification.rules_of_conversations import changed as conversation_changed
from contract_tests.certification.world import OTHER, OWN, Seen, Sent, World
from contract_tests.contract.mismatch import Mismatch, of_item, shown
from contract_tests.contract.operations import CREATE_MESSAGE, LIST_MESSAGES
from contract_tests.contract.timestamps import not_a_timestamp
from contract_tests.judging.mismatches import messages, responses
from contract_tests.judging.mismatches.values import is_text
from contract_tests.model.marks import is_marked, mark_of
from contract_tests.transport.exchange import DROPPED


def malformed(world: World, seen: Seen) -> Mismatch | None:
    """Return why a response is no list of messages."""
    mismatch = responses.status_mismatch(seen.exchange, 200)
    return mismatch or world.contract.page_mismatch("MessagePage", "Message", seen.exchange.members)


def shared_ids(world: World, seen: Seen) -> Mismatch | None:
    """Return the id that two messages share."""
    return messages.shared_ids(seen.results)


def wrong_times(world: World, seen: Seen) -> Mismatch | None:
    """Return the time of a message that is none."""
    found = (of_item(not_a_timestamp(item.get("created_at"), "created_at"), item) for item in seen.results)
    return next(filter(None, found), None)


def out_of_order(world: World, seen: Seen) -> Mismatch | None:
    """Return why messages do not ascend in time."""
    return messages.out_of_order(seen.results, ())


def wrong_count(world: World, seen: Seen) -> Mismatch | None:
    """Return why the count of a whole list differs from the number of its messages, or why the count of a page is lower."""
    count, held = seen.exchange.members.get("count"), len(seen.results)
    if not seen.kept.target.partition("?")[2]:
        return messages.count_mismatch(count, held)
    return None if isinstance(count, int) and count >= held else messages.count_mismatch(count, held)


def not_listed_once(world: World, seen: Seen) -> Mismatch | None:
    """Return which message that was sent before is not listed, or less often than it was sent."""
    times = Counter(sent.body for sent, _ in _sent_before(world, seen))
    for sent, items in _sent_before(world, seen):
        # More is allowed: the bundle need not hold every one of several equal messages.
        if len(items) < times[sent.body]:
            return Mismatch(f"a message is listed {len(items)} times", f"{times[sent.body]} times", shown(sent.body), "/results")
    return None


def changed(world: World, seen: Seen) -> Mismatch | None:
    """Return which message that was sent before is not listed as it was sent."""
    if seen.operation == CREATE_MESSAGE:
        # A server may refuse an unusual message by closing the connection.
        return responses.server_error(seen.exchange) if seen.exchange.status != DROPPED else None
    for sent, items in _sent_before(world, seen):
        if not items:
            return Mismatch("a message is not listed as it was sent", shown(sent.body), "not listed", "/results")
    return conversation_changed(world, seen)


def of_another_sender(world: World, seen: Seen) -> Mismatch | None:
    """Return which message is listed as another's."""
    for sent, items in _sent_before(world, seen):
        for item in items:
            sender = item.get("sender_email")
            if not isinstance(sender, str) or sender.lower() != sent.sender.lower():
                return of_item(
                    Mismatch("a message is listed as another's", shown(sent.sender), shown(sender), "/sender_email"), item
                )
    return None


def of_another(world: World, seen: Seen) -> Mismatch | None:
    """Return which message is listed that was sent to another conversation only."""
    return _foreign(world, seen, OWN if seen.organisation == OWN else OTHER)


def another_listed(world: World, seen: Seen) -> Mismatch | None:
    """Return which message of another organisation's conversation is listed."""
    return _foreign(world, seen, OTHER if seen.organisation == OWN else OWN, also_here=True)


def _foreign(world: World, seen: Seen, organisation: str, *, also_here: bool = False) -> Mismatch | None:
    if seen.operation != LIST_MESSAGES:
        return None
    for item in seen.results:
        body = str(item.get("body")).strip()
        places = world.places.get(body, set()) if is_marked(body) else set()
        elsewhere = any(whose == organisation and (also_here or place != seen.conversation) for whose, place in places)
        if elsewhere and (seen.organisation, seen.conversation) not in places:
            return of_item(Mismatch("a message of another conversation is listed", "only its own", shown(item)), item)
    return None


def _sent_before(world: World, seen: Seen) -> Iterator[tuple[Sent, list[dict[str, Any]]]]:
    """Yield the marked messages that the same worker sent to the conversation before, each with its list items; none for a page."""
    whole = seen.operation == LIST_MESSAGES and not seen.kept.target.partition("?")[2] and seen.exchange.succeeded
    if not whole or seen.exchange.members.get("count") != len(seen.results):
        return
    for sent in world.messages.get((seen.organisation, seen.conversation), ()):
        if sent.worker == seen.kept.worker and sent.number < seen.kept.number and mark_of(sent.body) != sent.body:
            yield sent, [item for item in seen.results if is_text(sent.body, item.get("body"))]
