"""Servers that are wrong about tiers: a client key that may do what only server keys may."""

from collections.abc import Callable

from broken_servers.list_seams import then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import RESOLVE, broken, done_although, refusing
from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Operation
from mockserver.conversations import Conversations
from mockserver.keys import ApiKey
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


def overlooking(when: Callable[[ApiKey, str], bool]) -> type[Authenticator]:
    """An authenticator that forgets the tier of some keys, sent by some scheme."""

    class Overlooking(Authenticator):
        def check_tier(self, key: ApiKey, scheme: str, operation: Operation) -> None:
            if not when(key, scheme):
                super().check_tier(key, scheme, operation)

    return Overlooking


def for_the_tier(refusal: Refusal, call: Call) -> bool:
    """Whether a client key is refused where only server keys may call."""
    return refusal.status == 403


@defect("tiers-none", "tier.refused", "tier.refusal-changes-nothing", difficulty=EASY)
def _() -> WsgiApp:
    """A client key may resolve."""
    return broken(authenticator=overlooking(lambda key, scheme: True))


@defect("tiers-not-by-bearer", "tier.refused", "tier.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key may resolve when it comes after Bearer."""
    return broken(authenticator=overlooking(lambda key, scheme: scheme != "apiKey"))


@defect("tiers-not-by-x-api-key", "tier.refused", "tier.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key may resolve when it comes in X-API-Key."""
    return broken(authenticator=overlooking(lambda key, scheme: scheme == "apiKey"))


@defect("tiers-refused-and-resolved", "tier.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key is refused with 403 after the conversation was closed."""
    return broken(pipeline=done_although(for_the_tier, RESOLVE))


@defect("tiers-refused-and-resolved-by-bearer", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key after Bearer is refused with 403 after the conversation was closed; in X-API-Key before."""
    return broken(
        pipeline=done_although(lambda refusal, call: refusal.status == 403 and call.header("Authorization") is not None, RESOLVE)
    )


@defect("tiers-refused-by-200", "tier.refused", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key that resolves is told with status 200 that it may not."""
    return broken(pipeline=refusing(lambda answer, refusal: answer._replace(status=200) if refusal.status == 403 else answer))


class Touching(Pipeline):
    """A pipeline that does something to the conversation that a client key may not resolve."""

    def touched(self, conversation: Conversation) -> None:
        """What is done."""

    def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
        if operation.id == RESOLVE and refusal.status == 403:
            with self.store.transaction():
                conversation = self.store.conversation(call.path["id"])
                if conversation is not None:
                    self.touched(conversation)
        return super().refused(operation, call, refusal)


@defect("tiers-refused-and-pending", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that resolves is refused, and the conversation waits for approval: pending."""

    class Pending(Touching):
        def touched(self, conversation: Conversation) -> None:
            self.store.replace_conversation(conversation._replace(status="pending"))

    return broken(pipeline=Pending)


@defect("tiers-refused-and-noted", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that resolves is refused, and a message in the conversation says that it tried."""

    class Noted(Touching):
        def touched(self, conversation: Conversation) -> None:
            rules = self.conversations
            rules.add_message(conversation, "system@example.com", "A client tried to resolve this conversation.", "reply")

    return broken(pipeline=Noted)


@defect("tiers-refused-and-reopened", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that resolves a closed conversation is refused, and the conversation is open again."""

    class Reopened(Touching):
        def touched(self, conversation: Conversation) -> None:
            self.store.replace_conversation(conversation._replace(status="open"))

    return broken(pipeline=Reopened)


@defect("tiers-refused-and-touched", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that resolves is refused, and updated_at of the conversation is an hour later."""

    class Touched(Touching):
        def touched(self, conversation: Conversation) -> None:
            self.store.replace_conversation(conversation._replace(updated_at=conversation.updated_at + 3_600_000_000))

    return broken(pipeline=Touched)


class ByTier(Conversations):
    """Rules that know whether a client key asks, and that let it through."""

    def may(self, conversation: Conversation) -> bool:
        """Whether a client may resolve this conversation."""
        return False

    def resolve(self, caller: Caller, request: Request) -> Conversation:
        if caller.key.tier == "client" and not self.may(self.find(caller, request.id)):
            raise Refusal(403, "A client key may not do this.")
        return super().resolve(caller, request)


@defect("tiers-not-with-messages", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key may resolve a conversation that was answered."""

    class Answered(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return len(self.store.messages(conversation.id)) > 0

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Answered)


@defect("tiers-not-when-closed", "tier.refused", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that resolves a closed conversation is not refused: it is closed already, says the shortcut before the check."""

    class Closed(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Closed)


@defect("tiers-own-may-be-resolved", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """The tier is checked for an anonymous requester's conversations only: a named one may close its own."""

    class Own(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.requester.email is not None

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Own)


@defect("tiers-anonymous-may-be-resolved", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key may resolve a conversation of an anonymous requester."""

    class Anonymous(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.requester.anonymous

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Anonymous)


@defect("tiers-callbacks-may-be-resolved", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE, effort="standard")
def _() -> WsgiApp:
    """A client key may resolve a conversation of the channel callback: the caller hangs up."""

    class Callback(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.channel == "callback"

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Callback)


@defect("tiers-not-for-restricted-keys", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A restricted client key, from its origin, passes for one that was checked: it may resolve."""
    return broken(authenticator=overlooking(lambda key, scheme: bool(key.origins)))


@defect("tiers-not-the-second-time", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that tries again to resolve the same conversation gets its way: the first refusal is taken for a question."""
    asked: set[str] = set()

    class Again(ByTier):
        def may(self, conversation: Conversation) -> bool:
            again = conversation.id in asked
            asked.add(conversation.id)
            return again

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Again)


@defect("tiers-refused-and-closed-later", "tier.refusal-changes-nothing", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that resolves is refused, and a queue closes the conversation when it is read the second time from then on."""
    queued: dict[str, int] = {}

    class Queueing(Touching):
        def touched(self, conversation: Conversation) -> None:
            queued.setdefault(conversation.id, 0)

    def later(rules: Conversations, caller: Caller, request: Request, found: Conversation) -> None:
        if found.id in queued:
            queued[found.id] += 1
            if queued[found.id] == 2:
                rules.store.replace_conversation(found._replace(status="closed"))

    return broken(pipeline=Queueing, conversations=then("get", later))


@defect("tiers-refused-and-marked", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key that resolves is refused, and the conversation's metadata notes who tried."""

    class Noting(Touching):
        def touched(self, conversation: Conversation) -> None:
            noted = {**conversation.metadata, "resolve_requested": True}
            self.store.replace_conversation(conversation._replace(metadata=noted))

    return broken(pipeline=Noting)


@defect("tiers-not-for-low-priority", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key may resolve a conversation of the priority low."""

    class Low(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.priority == "low"

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Low)


@defect("tiers-own-creations-may-be-resolved", "tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A client key may resolve the conversation that it created itself."""
    creators: dict[str, str] = {}

    class Own(ByTier):
        def create(self, caller: Caller, request: Request) -> Conversation:
            done = super().create(caller, request)
            creators[done.id] = caller.key.tier
            return done

        def may(self, conversation: Conversation) -> bool:
            return creators.get(conversation.id) == "client"

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Own)
