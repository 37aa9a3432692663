"""What a check that passed implies of a list of conversations."""

from collections import Counter

from contract_tests.certification.rules_of_conversations import changed
from contract_tests.certification.world import OTHER, OWN, Seen, World
from contract_tests.contract.mismatch import Mismatch, of_item, shown
from contract_tests.contract.operations import LIST_CONVERSATIONS
from contract_tests.judging.mismatches import conversations, responses
from contract_tests.judging.mismatches.isolation import is_the_same
from contract_tests.judging.mismatches.values import json_mismatch


def malformed(world: World, seen: Seen) -> Mismatch | None:
    """Return why a response is no page of conversations."""
    own = lambda item: (seen.organisation, str(item.get("id"))) in world.created  # noqa: E731
    members = seen.exchange.members
    return responses.status_mismatch(seen.exchange, 200) or world.contract.page_mismatch(
        "ConversationPage", "Conversation", members, own=own
    )


def too_many(world: World, seen: Seen) -> Mismatch | None:
    """Return why a page holds more than the largest may."""
    most, held = world.contract.page_maximum, len(seen.results)
    return Mismatch(f"the page holds {held} conversations", f"at most {most}", str(held), "/results") if held > most else None


def of_another_requester(world: World, seen: Seen) -> Mismatch | None:
    """Return the conversation in a list by address that is of another requester."""
    email = seen.query.get("user_email")
    if not email:
        return changed(world, seen)
    return next(filter(None, (of_item(conversations.email_mismatch(item, email), item) for item in seen.results)), None)


def of_another_status(world: World, seen: Seen) -> Mismatch | None:
    """Return the conversation in a list by status that has another."""
    status = seen.query.get("status")
    if status not in world.contract.statuses:
        return changed(world, seen)
    found = (of_item(json_mismatch(status, item.get("status"), "status"), item) for item in seen.results)
    return next(filter(None, found), None)


def of_another(world: World, seen: Seen) -> Mismatch | None:
    """Return the conversation in a list by both filters that fits only one."""
    return of_another_requester(world, seen) or of_another_status(world, seen)


def not_empty(world: World, seen: Seen) -> Mismatch | None:
    """Return why a page behind the end is not an empty one."""
    if mismatch := responses.status_mismatch(seen.exchange, 200):
        return mismatch
    return json_mismatch([], seen.exchange.members.get("results"), "results")


def longer_than_default(world: World, seen: Seen) -> Mismatch | None:
    """Return why a page without a limit holds more than the default, or less although there is more."""
    if "limit" in seen.query:
        return longer_than_limit(world, seen)
    return _size_mismatch(seen, world.contract.page_default)


def longer_than_limit(world: World, seen: Seen) -> Mismatch | None:
    """Return why a page holds more than its limit, or less although there is more."""
    asked = seen.query.get("limit", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10) or not 0 < int(asked) <= world.contract.page_maximum:
        return too_many(world, seen)
    return _size_mismatch(seen, int(asked))


def _size_mismatch(seen: Seen, limit: int) -> Mismatch | None:
    held, count = len(seen.results), seen.exchange.members.get("count")
    offset = seen.query.get("offset", "0")
    if held > limit:
        return Mismatch(f"the page holds {held} conversations", f"at most {limit}", str(held), "/results")
    # Only a list by address belongs to this run alone: conversations of others may enter any other list while it is made.
    if "user_email" not in seen.query or not isinstance(count, int) or not (offset.isascii() and offset.isdigit()):
        return None
    expected = min(limit, max(0, count - int(offset)))
    return Mismatch(f"the page holds {held} of {count}", str(expected), str(held), "/results") if held < expected else None


def listed_twice(world: World, seen: Seen) -> Mismatch | None:
    """Return the conversation that a page holds twice, and what of it changed."""
    ids = [shown(item.get("id")) for item in seen.results]
    twice = next((one for one, times in Counter(ids).items() if times > 1), None)
    if twice is not None:
        return Mismatch(f"the page holds {twice} twice", "each once", twice, "/results")
    return changed(world, seen)


def counted_too_few(world: World, seen: Seen) -> Mismatch | None:
    """Return why a list by address counts less than a page of it holds."""
    held, count = len(seen.results), seen.exchange.members.get("count")
    if not isinstance(count, int):
        return Mismatch("the list has no count", "a number", shown(count), "/count")
    if "user_email" not in seen.query or count >= held:
        return None
    return Mismatch(f"the count is {count}, and the page holds {held}", f"at least {held}", str(count), "/count")


def another_listed(world: World, seen: Seen) -> Mismatch | None:
    """Return the conversation in a list that only another organisation has."""
    if seen.operation != LIST_CONVERSATIONS:
        return None
    other = OWN if seen.organisation == OTHER else OTHER
    for item in seen.results:
        hidden = world.created.get((other, str(item.get("id"))))
        if hidden is not None and is_the_same(item, hidden.shown):
            return of_item(Mismatch("a conversation of another organisation is listed", "none of it", shown(item)), item)
    return None
