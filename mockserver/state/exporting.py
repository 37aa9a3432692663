"""The state of a namespace as a scenario that names everything: ids, numbers, users, times to the microsecond."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from mockserver.model.clock import Times
from mockserver.model.records import Conversation, Message, User
from mockserver.namespaces.namespace import Namespace

DESCRIPTION = "The state of a mock."

_time = Times(6, "Z").text


def exported(namespace: Namespace) -> bytes:
    """Return the state as JSON text, which is the same for the same state. May raise StoreUnavailableError."""
    with namespace.store.transaction(write=False):
        organisations = organisations_of(namespace)
        found = [_Organisation(namespace, name) for name in organisations]
        state = {
            "description": DESCRIPTION,
            "organisations": organisations,
            "people": [person for one in found for person in one.people()],
            "conversations": [conversation for one in found for conversation in one.conversations()],
        }
    return orjson.dumps(state, default=dict, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def organisations_of(namespace: Namespace) -> list[str]:
    """Return the organisations that the namespace knows: those of its scenario, and of its keys."""
    return [*dict.fromkeys((*namespace.scenario.organisations, *namespace.keys.organisations))]


class _Organisation:
    """The data of one organisation. Users are named by their addresses, or by their keys in the store if these differ."""

    def __init__(self, namespace: Namespace, name: str) -> None:
        self._rules = namespace.pipeline.conversations
        self._name = name
        self._users = namespace.store.users(name)
        self._names = {user.id: self._reference(key, user) for key, user in self._users}
        self._by_address = {user.email: self._names[user.id] for _, user in reversed(self._users)}

    def _reference(self, key: str, user: User) -> str:
        email = user.email or ""
        return email if self._rules.email_key(email) == key else key

    def people(self) -> Iterator[dict[str, Any]]:
        for key, user in self._users:
            person: dict[str, Any] = {"organisation": self._name, "email": user.email, **_names(user)}
            if self._names[user.id] != user.email:
                person["filed_as"] = key
            if user.anonymous:
                person["anonymous"] = True
            yield person

    def conversations(self) -> Iterator[Mapping[str, Any]]:
        # In the order of creation, which is that of the numbers, whatever order the list has.
        for one in sorted(self._rules.store.conversations(self._name), key=lambda conversation: conversation.number):
            yield self._shown(one)

    def _shown(self, one: Conversation) -> dict[str, Any]:
        return {
            "organisation": one.organisation,
            "id": one.id,
            "number": one.number,
            "subject": one.subject,
            "requester": self._names.get(one.requester.id) or {"anonymous": True, **_names(one.requester)},
            "status": one.status,
            "priority": one.priority,
            "channel": one.channel,
            "metadata": one.metadata,
            **({"added": one.added} if one.added else {}),
            "created_at": _time(one.created_at),
            "updated_at": _time(one.updated_at),
            "messages": [self._message(message) for message in self._rules.store.messages(one.id)],
        }

    def _message(self, message: Message) -> dict[str, Any]:
        return {
            "id": message.id,
            "from": self._by_address.get(message.sender_email, message.sender_email),
            "body": message.body,
            "message_type": message.message_type,
            **({"added": message.added} if message.added else {}),
            "at": _time(message.created_at),
        }


def _names(user: User) -> dict[str, str]:
    names = {"first_name": user.first_name, "last_name": user.last_name}
    return {name: value for name, value in names.items() if value is not None}
