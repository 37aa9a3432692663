"""What lists select, counted and cut by the database."""

from collections.abc import Iterator

from mockserver.model.records import Conversation, Message
from mockserver.store import Order
from mockserver.store.sql.rows import conversation_of, message_of
from mockserver.store.sql.statements import Statements
from mockserver.store.sql.units import Entered

_LARGEST = 2**62
"""More rows than there can be. The sum of two of these is still a valid number of the database."""

_NEAR = 200
"""Up to this offset whole rows are skipped, which is simpler. Beyond it, rows are first counted in an index."""


class SelectedConversations:
    """The conversations of an organisation, of one requester or all, of one status or all."""

    def __init__(
        self,
        reading: Entered,
        sql: Statements,
        order: Order,
        namespace: int,
        organisation: str,
        requester: str | None,
        status: str | None,
    ) -> None:
        self._reading = reading
        self._count = sql.counts[requester is not None, status is not None]
        self._page = sql.pages[order, requester is not None, status is not None]
        self._far_page = sql.far_pages[order, requester is not None, status is not None]
        self._values: dict[str, object] = {"namespace_": namespace, "organisation_": organisation}
        if requester is not None:
            self._values["requester_"] = requester
        if status is not None:
            self._values["status_"] = status

    def __len__(self) -> int:
        with self._reading as unit:
            row = unit.one(self._count, **self._values)
        assert row is not None
        return int(row[0])

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self.page(0, _LARGEST))

    def page(self, offset: int, limit: int) -> list[Conversation]:
        with self._reading as unit:
            page = self._far_page if offset > _NEAR else self._page
            rows = unit.all(page, offset_=min(offset, _LARGEST), limit_=min(limit, _LARGEST), **self._values)
        return [conversation_of(row) for row in rows]


class SelectedMessages:
    """The messages of a conversation."""

    def __init__(self, reading: Entered, sql: Statements, namespace: int, conversation: str) -> None:
        self._reading = reading
        self._sql = sql
        self._namespace = namespace
        self._conversation = conversation

    def __len__(self) -> int:
        with self._reading as unit:
            row = unit.one(self._sql.message_count, namespace_=self._namespace, conversation_=self._conversation)
        assert row is not None
        return int(row[0])

    def __iter__(self) -> Iterator[Message]:
        return iter(self.page(0, _LARGEST))

    def page(self, offset: int, limit: int) -> list[Message]:
        with self._reading as unit:
            rows = unit.all(
                self._sql.message_page,
                namespace_=self._namespace,
                conversation_=self._conversation,
                offset_=min(offset, _LARGEST),
                limit_=min(limit, _LARGEST),
            )
        return [message_of(self._conversation, row) for row in rows]
