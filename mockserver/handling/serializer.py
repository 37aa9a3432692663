"""How records are shown: the JSON values of the responses."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson

from mockserver.contract.choices import Choices
from mockserver.model.clock import Times
from mockserver.model.pages import Page
from mockserver.model.records import Conversation, Message, User

T = TypeVar("T")

_FRACTION_DIGITS: Mapping[str, int] = {"none": 0, "milliseconds": 3, "microseconds": 6, "other": 9}
_OFFSETS: Mapping[str, str] = {"z": "Z", "numeric": "+00:00"}
_MANY_TEXTS = 50_000


class Serializer:
    """Shows records as the contract has them. Each part has a method of its own, which a subclass may replace."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self._more_members = choices.takes("object_extra_members", "some")
        self._without_anonymous = choices.takes("anonymous_requester", "null_requester")
        self._empty_email = choices.takes("anonymous_requester", "empty_email")
        self._empty_names = {
            True: choices.takes("anonymous_names", "empty_names"),
            False: choices.takes("missing_names", "empty_names"),
        }
        self._latest_requester: tuple[User | None, dict[str, Any]] = (None, {})
        self.written: Callable[[Conversation], orjson.Fragment] = lru_cache(_MANY_TEXTS)(self._write)
        """A conversation as JSON text. The latest fifty thousand are kept, 35 MB at most: clients ask for the same again."""
        self._times = Times(_FRACTION_DIGITS[choices["timestamp_fraction"]], _OFFSETS[choices["timestamp_offset"]])

    def conversation(self, conversation: Conversation) -> dict[str, Any]:
        """A conversation, the same wherever it is shown."""
        created, updated = conversation.created_at, conversation.updated_at
        created_at = self.time(created)
        shown = {
            "id": conversation.id,
            "number": conversation.number,
            "subject": conversation.subject,
            "status": conversation.status,
            "priority": conversation.priority,
            "channel": conversation.channel,
            "metadata": conversation.metadata or {},
            "requester": self.requester(conversation.requester),
            "created_at": created_at,
            "updated_at": created_at if updated == created else self.time(updated),
        }
        if self._more_members:
            shown |= {"assignee": None, "tags": []}
        if conversation.added:
            shown |= conversation.added
        return shown

    def _write(self, conversation: Conversation) -> orjson.Fragment:
        # Copied, since what orjson returns takes at least 4 KiB.
        return orjson.Fragment(bytes(memoryview(orjson.dumps(self.conversation(conversation)))))

    def requester(self, user: User) -> dict[str, Any] | None:
        """The requester of a conversation."""
        if user.anonymous and self._without_anonymous:
            return None
        latest, shown = self._latest_requester
        if user is not latest:
            shown = {
                "email": self.email(user),
                "first_name": self.name(user, user.first_name),
                "last_name": self.name(user, user.last_name),
            }
            # Kept, since a page of one user's conversations shows the same requester every time.
            self._latest_requester = (user, shown)
        return dict(shown)

    def email(self, user: User) -> str | None:
        """The address of a user. A made-up one was given when the user was created."""
        return "" if user.email is None and self._empty_email else user.email

    def name(self, user: User, name: str | None) -> str | None:
        """A name of a user, who may never have given it."""
        return "" if name is None and self._empty_names[user.anonymous] else name

    def message(self, message: Message) -> dict[str, Any]:
        """A message of a conversation."""
        shown: dict[str, Any] = {
            "id": message.id,
            "sender_email": message.sender_email,
            "body": message.body,
            "message_type": message.message_type,
            "created_at": self.time(message.created_at),
        }
        if self._more_members:
            shown["attachments"] = []
        if message.added:
            shown |= message.added
        return shown

    def sent_message(self, message: Message) -> Any:
        """What is shown of a message that was sent."""
        option = self.choices["create_message_body"]
        if option == "message":
            return self.message(message)
        return {"message": self.message(message)} if option == "wrapped" else {"ok": True}

    def page(self, page: Page[T], show: Callable[[T], Any], url: Callable[[], str]) -> dict[str, Any]:
        """A page of records. `url` tells the address of the list, without a query, if it is needed."""
        envelope: dict[str, Any] = {"count": page.count}
        option = self.choices["envelope_extra_members"]
        if option == "next_previous":
            address = url()
            envelope |= {"next": self.next_url(page, address), "previous": self.previous_url(page, address)}
        elif option == "other":
            envelope |= {"limit": page.limit, "offset": page.offset}
        envelope["results"] = list(map(show, page.results))
        return envelope

    def next_url(self, page: Page[Any], url: str) -> str | None:
        """The address of the page that follows, or None."""
        if page.limit is None or page.offset + page.limit >= page.count:
            return None
        return self.page_url(page, url, page.offset + page.limit)

    def previous_url(self, page: Page[Any], url: str) -> str | None:
        """The address of the page before, or None."""
        if page.limit is None or page.offset <= 0:
            return None
        return self.page_url(page, url, max(0, min(page.offset, page.count) - page.limit))

    def page_url(self, page: Page[Any], url: str, offset: int) -> str:
        """The address of a page."""
        return f"{url}?{urlencode({**page.filters, 'limit': page.limit, 'offset': offset})}"

    def time(self, microseconds: int) -> str:
        """A time as RFC 3339, cut to the chosen precision."""
        return self._times.text(microseconds)
