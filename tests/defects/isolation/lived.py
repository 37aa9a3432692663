"""Servers on which isolation ends where a conversation is of a kind, or has been written to."""

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, User
from mockserver.serving.server import WsgiApp
from tests.defects.get.found import AnyId
from tests.defects.isolation.own_side import reaching
from tests.defects.kit.parts import GET, MESSAGES, RESOLVE, broken
from tests.defects.kit.stores import all_conversations, is_answered, kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("isolation.messages", difficulty=RARE)
def isolation_not_of_many_messages() -> WsgiApp:
    """The messages of any organisation's conversation are listed, once there are more than one."""

    class Many(reaching(MESSAGES)):
        def seen(self, conversation: Conversation) -> bool:
            return len(kept_messages(self.store, conversation.id)) > 1

    return broken(conversations=Many)


@defect("isolation.get", difficulty=RARE)
def isolation_not_of_answered_on_get() -> WsgiApp:
    """A conversation to which somebody else has written can be read by every organisation."""

    class Answered(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return is_answered(self.store, conversation)

    return broken(conversations=Answered)


@defect("isolation.resolve", difficulty=RARE)
def isolation_not_of_answered_on_resolve() -> WsgiApp:
    """A conversation to which somebody else has written can be closed by every organisation."""

    class Answered(reaching(RESOLVE)):
        def seen(self, conversation: Conversation) -> bool:
            return is_answered(self.store, conversation)

    return broken(conversations=Answered)


@defect("isolation.get", difficulty=RARE)
def isolation_not_of_callbacks() -> WsgiApp:
    """Conversations of the channel callback can be read by every organisation."""

    class Callbacks(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return conversation.channel == "callback"

    return broken(conversations=Callbacks)


@defect("isolation.get", difficulty=RARE)
def isolation_not_by_number() -> WsgiApp:
    """A conversation can also be read by its number, which is looked up among those of all organisations."""

    class ByNumber(Conversations):
        def find(self, caller: Caller, conversation_id: str) -> Conversation:
            if conversation_id.isdecimal():
                known = (one for one in all_conversations(self.store) if str(one.number) == conversation_id)
                found = next((one for one in known if one.organisation != caller.organisation), None)
                if found is not None:
                    return found
            return super().find(caller, conversation_id)

    return broken(conversations=ByNumber, validator=AnyId)


@defect("isolation.get", difficulty=RARE)
def isolation_not_of_users() -> WsgiApp:
    """Users are looked up by their address in all organisations, so that one shows the names that another gave."""
    names: dict[str, User] = {}

    class OneTable(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            made = super().create(caller, checked)
            if made.requester.email is None:
                return made
            first = names.setdefault(made.requester.email, made.requester)
            shown = made.requester._replace(first_name=first.first_name, last_name=first.last_name)
            self.store.replace_conversation(made._replace(requester=shown))
            return made._replace(requester=shown)

    return broken(conversations=OneTable)
