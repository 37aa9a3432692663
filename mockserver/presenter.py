"""How records are shown: the JSON values of the answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from mockserver.choices import Choices
from mockserver.clock import to_datetime
from mockserver.records import Conversation, Message, User

T = TypeVar("T")

_FRACTION_DIGITS: Mapping[str, int] = {"none": 0, "milliseconds": 3, "microseconds": 6, "other": 9}
_OFFSETS: Mapping[str, str] = {"z": "Z", "numeric": "+00:00"}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of records: how many match in all, those of this page, and how it was cut. `limit` is None where nothing was cut.

    `filters` are the query parameters, besides limit and offset, that lead to the neighbouring pages.
    """

    count: int
    results: Sequence[T]
    limit: int | None
    offset: int
    filters: Mapping[str, str]


class Presenter:
    """Shows records as the contract has them. Each part has a method of its own, which a subclass may replace."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self._digits = _FRACTION_DIGITS[choices["timestamp_fraction"]]
        self._offset = _OFFSETS[choices["timestamp_offset"]]

    def conversation(self, conversation: Conversation) -> dict[str, Any]:
        """A conversation, the same wherever it is shown."""
        shown = {
            "id": conversation.id,
            "number": conversation.number,
            "subject": conversation.subject,
            "status": conversation.status,
            "priority": conversation.priority,
            "channel": conversation.channel,
            "metadata": conversation.metadata,
            "requester": self.requester(conversation.requester),
            "created_at": self.time(conversation.created_at),
            "updated_at": self.time(conversation.updated_at),
        }
        if self.choices.takes("object_extra_members", "some"):
            shown |= {"assignee": None, "tags": []}
        return shown

    def requester(self, user: User) -> dict[str, Any] | None:
        """The requester of a conversation."""
        if user.anonymous and self.choices.takes("anonymous_requester", "null_requester"):
            return None
        return {
            "email": self.email(user),
            "first_name": self.name(user, user.first_name),
            "last_name": self.name(user, user.last_name),
        }

    def email(self, user: User) -> str | None:
        """The address of a user. A made-up one was given when the user was created."""
        if user.email is None and self.choices.takes("anonymous_requester", "empty_email"):
            return ""
        return user.email

    def name(self, user: User, name: str | None) -> str | None:
        """A name of a user, who may never have given it."""
        choice = "anonymous_names" if user.anonymous else "missing_names"
        return "" if name is None and self.choices.takes(choice, "empty_names") else name

    def message(self, message: Message) -> dict[str, Any]:
        """A message of a conversation."""
        shown: dict[str, Any] = {
            "id": message.id,
            "sender_email": message.sender_email,
            "body": message.body,
            "message_type": message.message_type,
            "created_at": self.time(message.created_at),
        }
        if self.choices.takes("object_extra_members", "some"):
            shown["attachments"] = []
        return shown

    def sent_message(self, message: Message) -> Any:
        """The answer to a message."""
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
        envelope["results"] = [show(record) for record in page.results]
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
        moment = to_datetime(microseconds)
        text = f"{moment:%Y-%m-%dT%H:%M:%S}"
        if self._digits:
            text += f".{moment.microsecond * 1000:09d}"[: self._digits + 1]
        return text + self._offset
