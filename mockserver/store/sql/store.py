"""The state of a namespace in a database.

Any number of processes may write to it at once. In SQLite one transaction that writes excludes all others. In PostgreSQL each
holds what it goes by until its end: first the namespace, by an advisory lock that it shares with other writers; then the
conversation that it asked for; then a user whom it adds; then the organisation whose next number it takes; last the tallies, those
of everybody before those of a requester, by status. All take them in this order, so none waits for another that waits for it.
Two transactions that clear the same namespace after doing something else cannot take this order: the database ends one of them
with an error.

Numbers and positions are taken while the organisation is held, so their order is that in which conversations become visible.
"""

from contextlib import AbstractContextManager
from operator import itemgetter

import orjson

from mockserver.model.records import Conversation, Message, User
from mockserver.store import Order, Selection
from mockserver.store.sql import states
from mockserver.store.sql.outbox import SqlOutbox
from mockserver.store.sql.rows import conversation_of, user_of
from mockserver.store.sql.selections import SelectedConversations, SelectedMessages
from mockserver.store.sql.text import from_database
from mockserver.store.sql.units import Database, Entered, Hold, Unit


class SqlStore:
    """Users, conversations and messages of one namespace. Safe to use from several threads."""

    durable = True

    def __init__(self, database: Database, namespace: int, order: Order, *, lasting: bool) -> None:
        self._sql = database.sql
        self._namespace = namespace
        self._order = order
        hold = Hold(namespace, lasting=lasting)
        self.outbox = SqlOutbox(database, namespace, lasting=lasting)
        self._transactions = {write: Entered(database, write=write) for write in (True, False)}
        self._reading = Entered(database, write=False, hold=hold)
        self._writing = Entered(database, write=True, hold=hold)
        self._alone = Entered(database, write=True, hold=Hold(namespace, alone=True, lasting=lasting))

    def transaction(self, *, write: bool = True) -> AbstractContextManager[object]:
        return self._transactions[write]

    def next_number(self, organisation: str, first: int) -> int:
        with self._writing as unit:
            row = unit.one(self._sql.next_number, namespace_=self._namespace, organisation_=organisation, first_=first)
            unit.organisations.add((self._namespace, organisation))
        assert row is not None
        return int(row[0])

    def user_by_key(self, organisation: str, key: str) -> User | None:
        with self._reading as unit:
            row = unit.one(self._sql.user_by_key, namespace_=self._namespace, organisation_=organisation, key_=key)
        return None if row is None else user_of(row)

    def add_user(self, user: User, key: str | None) -> User:
        with self._writing as unit:
            # Waits for any other transaction that is adding a user under that key.
            added = unit.run(
                self._sql.add_user,
                namespace_=self._namespace,
                id_=user.id,
                organisation_=user.organisation,
                key_=key,
                email_=user.email,
                first_name_=user.first_name,
                last_name_=user.last_name,
                anonymous_=user.anonymous,
            )
            if added:
                return user
            assert key is not None
            other = self.user_by_key(user.organisation, key)
        assert other is not None
        return other

    def users(self, organisation: str) -> list[tuple[str, User]]:
        with self._reading as unit:
            rows = unit.all(self._sql.users, namespace_=self._namespace, organisation_=organisation)
        return sorted(((from_database(key), user_of(user)) for key, *user in rows), key=itemgetter(0))

    def conversation(self, conversation_id: str) -> Conversation | None:
        with self._reading as unit:
            sql = self._sql.held_conversation if unit.write else self._sql.conversation
            row = unit.one(sql, namespace_=self._namespace, id_=conversation_id)
            if row is None:
                return None
            found = conversation_of(row)
            if unit.write:
                unit.conversations[self._namespace, conversation_id] = found.status
        return found

    def add_conversation(self, conversation: Conversation) -> None:
        with self._writing as unit:
            if (self._namespace, conversation.organisation) not in unit.organisations:
                unit.run(self._sql.hold_organisation, namespace_=self._namespace, organisation_=conversation.organisation)
                unit.organisations.add((self._namespace, conversation.organisation))
            unit.run(
                self._sql.add_conversation,
                organisation_=conversation.organisation,
                requester_=conversation.requester.id,
                **self._changing(conversation),
            )
            unit.run(
                self._sql.tally_of_new,
                namespace_=self._namespace,
                organisation_=conversation.organisation,
                requester_=conversation.requester.id,
                status_0_=conversation.status,
                change_0_=1,
            )
            unit.conversations[self._namespace, conversation.id] = conversation.status

    def _changing(self, conversation: Conversation) -> dict[str, object]:
        # Metadata is always an object, so a list can be told from it, and older databases need no new column.
        value = [conversation.metadata, conversation.added] if conversation.added else conversation.metadata
        return {
            "namespace_": self._namespace,
            "id_": conversation.id,
            "number_": conversation.number,
            "status_": conversation.status,
            "subject_": conversation.subject,
            "priority_": conversation.priority,
            "channel_": conversation.channel,
            # `default=dict`, since immutable objects are mappings of other types than dict.
            "metadata_": orjson.dumps(value, default=dict).decode(),
            "created_at_": conversation.created_at,
            "updated_at_": conversation.updated_at,
        }

    def replace_conversation(self, conversation: Conversation) -> None:
        with self._writing as unit:
            before = self._held(unit, conversation.id)
            unit.run(self._sql.replace_conversation, **self._changing(conversation))
            if before != conversation.status:
                (status_0, change_0), (status_1, change_1) = sorted(((before, -1), (conversation.status, 1)))
                unit.run(
                    self._sql.tally_of_moved,
                    namespace_=self._namespace,
                    organisation_=conversation.organisation,
                    requester_=conversation.requester.id,
                    status_0_=status_0,
                    change_0_=change_0,
                    status_1_=status_1,
                    change_1_=change_1,
                )
                unit.conversations[self._namespace, conversation.id] = conversation.status

    def _held(self, unit: Unit, conversation_id: str) -> str:
        """Hold a conversation, so that nobody else changes it, and return its status. Raises KeyError if there is none."""
        status = unit.conversations.get((self._namespace, conversation_id))
        if status is None:
            row = unit.one(self._sql.hold_conversation, namespace_=self._namespace, id_=conversation_id)
            if row is None:
                raise KeyError(conversation_id)
            status = unit.conversations[self._namespace, conversation_id] = str(row[0])
        return status

    def conversations(self, organisation: str, requester: str | None = None, status: str | None = None) -> Selection[Conversation]:
        return SelectedConversations(self._reading, self._sql, self._order, self._namespace, organisation, requester, status)

    def add_message(self, message: Message) -> None:
        with self._writing as unit:
            self._held(unit, message.conversation)
            unit.run(
                self._sql.add_message,
                namespace_=self._namespace,
                conversation_=message.conversation,
                id_=message.id,
                sender_email_=message.sender_email,
                body_=message.body,
                message_type_=message.message_type,
                created_at_=message.created_at,
                added_=orjson.dumps(message.added, default=dict).decode() if message.added else None,
            )

    def messages(self, conversation_id: str) -> Selection[Message]:
        return SelectedMessages(self._reading, self._sql, self._namespace, conversation_id)

    def clear(self) -> None:
        with self._alone as unit:
            states.clear(unit, self._sql, self._namespace)

    def snapshot(self, name: str) -> None:
        with self._alone as unit:
            states.snapshot(unit, self._sql, self._namespace, name)

    def restore(self, name: str) -> bool:
        with self._alone as unit:
            return states.restore(unit, self._sql, self._namespace, name)

    def snapshots(self) -> list[str]:
        with self._reading as unit:
            return states.snapshots(unit, self._sql, self._namespace)

    def drop_snapshot(self, name: str) -> bool:
        with self._alone as unit:
            return states.drop_snapshot(unit, self._sql, self._namespace, name)
