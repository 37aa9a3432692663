"""Records to keep, and what a store holds."""

from typing import Any

from mockserver.model.records import Conversation, Message, User
from mockserver.store import Store


def user(name: str, organisation: str = "A") -> User:
    """A user of that name."""
    return User(f"user-{name}", organisation, f"{name}@example.com", None, None)


def conversation(id: str, requester: User, status: str = "open", **other: Any) -> Conversation:
    """A conversation with that id."""
    values: dict[str, Any] = {
        "id": id,
        "organisation": requester.organisation,
        "number": 1,
        "subject": "s",
        "status": status,
        "priority": "normal",
        "channel": "web",
        "metadata": {},
        "requester": requester,
        "created_at": 0,
        "updated_at": 0,
    }
    return Conversation(**{**values, **other})


def message(id: str, conversation_id: str, body: str = "hi") -> Message:
    """A message with that id."""
    return Message(id, conversation_id, "ada@example.com", body, "reply", 0)


def ids(selection: Any) -> list[str]:
    """Return the ids of a selection, in order; check that pages of any size have the same."""
    found = [item.id for item in selection]
    assert len(selection) == len(found)
    for limit in (1, 2, 100):
        assert [item.id for offset in range(0, len(found), limit) for item in selection.page(offset, limit)] == found
    assert selection.page(len(found), 5) == []
    assert selection.page(0, 0) == []
    assert selection.page(0, 10**30) == [*selection]
    assert selection.page(10**30, 10**30) == []
    return found


def create(store: Store, id: str, name: str = "ada", organisation: str = "A", body: str | None = "hi") -> Conversation:
    """Create a conversation as a request does: in one unit of work."""
    with store.transaction():
        requester = store.user_by_key(organisation, name) or store.add_user(
            User(f"user-{id}", organisation, f"{name}@example.com", None, None), name
        )
        made = conversation(id, requester, number=store.next_number(organisation, 1))
        store.add_conversation(made)
        if body is not None:
            store.add_message(message(f"message-{id}", id, body))
    return made


def contents(store: Store, *organisations: str) -> dict[str, Any]:
    """Return what the store holds of these organisations; check that lists, filters and counts agree."""
    found: dict[str, Any] = {}
    with store.transaction(write=False):
        for organisation in organisations or ("A", "B"):
            listed = [*store.conversations(organisation)]
            found[organisation] = {item.id: (item, [*store.messages(item.id)]) for item in listed}
            for status in {item.status for item in listed}:
                expected = [item for item in listed if item.status == status]
                assert [*store.conversations(organisation, status=status)] == expected
                assert len(store.conversations(organisation, status=status)) == len(expected)
            for requester in {item.requester.id for item in listed}:
                expected = [item for item in listed if item.requester.id == requester]
                assert [*store.conversations(organisation, requester)] == expected
                assert len(store.conversations(organisation, requester)) == len(expected)
            assert len(store.conversations(organisation)) == len(listed)
    return found
