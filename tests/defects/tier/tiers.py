"""Servers that are wrong about tiers: a client key that may do what only server keys may."""

from collections.abc import Callable

from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import RESOLVE, body_of, broken, done_although, refusing, status_of
from tests.defects.kit.rules import change, then
from tests.defects.kit.stores import is_answered
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def overlooking(when: Callable[[ApiKey, str], bool]) -> type[Authenticator]:
    """An authenticator that forgets the tier of some keys, sent by some scheme."""

    class Overlooking(Authenticator):
        def check_tier(self, key: ApiKey, scheme: str, operation: Operation) -> None:
            if not when(key, scheme):
                super().check_tier(key, scheme, operation)

    return Overlooking


def for_the_tier(refusal: Refusal, request: Request) -> bool:
    """Whether a client key is refused where only server keys may call."""
    return status_of(refusal) == 403


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=EASY)
def tiers_none() -> WsgiApp:
    """A client key may resolve."""
    return broken(authenticator=overlooking(lambda key, scheme: True))


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=MEDIUM)
def tiers_not_by_bearer() -> WsgiApp:
    """A client key may resolve when it comes after Bearer."""
    return broken(authenticator=overlooking(lambda key, scheme: scheme != "apiKey"))


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=MEDIUM)
def tiers_not_by_x_api_key() -> WsgiApp:
    """A client key may resolve when it comes in X-API-Key."""
    return broken(authenticator=overlooking(lambda key, scheme: scheme == "apiKey"))


@defect("tier.refusal-changes-nothing", difficulty=MEDIUM)
def tiers_refused_and_resolved() -> WsgiApp:
    """A client key is refused with 403 after the conversation was closed."""
    return broken(pipeline=done_although(for_the_tier, RESOLVE))


@defect("tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refused_and_resolved_by_bearer() -> WsgiApp:
    """A client key after Bearer is refused with 403 after the conversation was closed; in X-API-Key before."""
    return broken(
        pipeline=done_although(
            lambda refusal, request: status_of(refusal) == 403 and request.header("Authorization") is not None, RESOLVE
        )
    )


@defect("tier.refused", difficulty=MEDIUM)
def tiers_refused_by_200() -> WsgiApp:
    """A client key that resolves is told with status 200 that it may not."""
    return broken(
        pipeline=refusing(lambda response, refusal: response._replace(status=200) if status_of(refusal) == 403 else response)
    )


class Touching(Pipeline):
    """A pipeline that refuses a client key that resolves, but changes the conversation."""

    def touched(self, conversation: Conversation) -> None:
        """Change the conversation."""

    def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
        if operation.id == RESOLVE and status_of(refusal) == 403:
            with self.store.transaction():
                conversation = self.store.conversation(request.path["id"])
                if conversation is not None:
                    self.touched(conversation)
        return super().refused(operation, request, refusal)


@defect("tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refused_and_pending() -> WsgiApp:
    """A client key that resolves is refused, and the conversation waits for approval: pending."""

    class Pending(Touching):
        def touched(self, conversation: Conversation) -> None:
            self.store.replace_conversation(conversation._replace(status="pending"))

    return broken(pipeline=Pending)


@defect("tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refused_and_reopened() -> WsgiApp:
    """A client key that resolves a closed conversation is refused, and the conversation is open again."""

    class Reopened(Touching):
        def touched(self, conversation: Conversation) -> None:
            self.store.replace_conversation(conversation._replace(status="open"))

    return broken(pipeline=Reopened)


@defect("tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refused_and_touched() -> WsgiApp:
    """A client key that resolves is refused, and updated_at of the conversation is an hour earlier."""

    class Touched(Touching):
        def touched(self, conversation: Conversation) -> None:
            self.store.replace_conversation(conversation._replace(updated_at=conversation.updated_at - 3_600_000_000))

    return broken(pipeline=Touched)


class ByTier(Conversations):
    """Rules that decide for each conversation whether a client key may resolve it."""

    def may(self, conversation: Conversation) -> bool:
        """Whether a client may resolve this conversation."""
        return False

    def resolve(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        if caller.key.tier == "client" and not self.may(self.find(caller, checked.id)):
            raise HttpRefusal(403, "A client key may not do this.")
        return super().resolve(caller, checked)


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_not_with_messages() -> WsgiApp:
    """A client key may resolve a conversation that was answered."""

    class Answered(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return len(self.store.messages(conversation.id)) > 0

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Answered)


@defect("tier.refused", difficulty=RARE)
def tiers_not_when_closed() -> WsgiApp:
    """A client key that resolves a closed conversation is not refused: it is closed already, says the shortcut before the check."""

    class Closed(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Closed)


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_own_may_be_resolved() -> WsgiApp:
    """The tier is checked for an anonymous requester's conversations only: a named one may close its own."""

    class Own(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.requester.email is not None

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Own)


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_anonymous_may_be_resolved() -> WsgiApp:
    """A client key may resolve a conversation of an anonymous requester."""

    class Anonymous(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.requester.anonymous

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Anonymous)


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE, effort="standard")
def tiers_callbacks_may_be_resolved() -> WsgiApp:
    """A client key may resolve a conversation of the channel callback: the caller hangs up."""

    class Callback(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.channel == "callback"

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Callback)


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_not_for_restricted_keys() -> WsgiApp:
    """A restricted client key, from its origin, passes for one that was checked: it may resolve."""
    return broken(authenticator=overlooking(lambda key, scheme: bool(key.origins)))


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_not_the_second_time() -> WsgiApp:
    """A client key that tries again to resolve the same conversation gets its way: the first refusal is taken for a question."""
    asked: set[str] = set()

    class Again(ByTier):
        def may(self, conversation: Conversation) -> bool:
            again = conversation.id in asked
            asked.add(conversation.id)
            return again

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Again)


@defect("tier.refusal-changes-nothing", "any.durable", difficulty=RARE)
def tiers_refused_and_closed_later() -> WsgiApp:
    """A client key that resolves is refused, and a queue closes the conversation when it is read the second time from then on."""
    queued: dict[str, int] = {}

    class Queueing(Touching):
        def touched(self, conversation: Conversation) -> None:
            queued.setdefault(conversation.id, 0)

    def later(rules: Conversations, caller: Caller, checked: CheckedRequest, found: Conversation) -> None:
        if found.id in queued:
            queued[found.id] += 1
            if queued[found.id] == 2:
                rules.store.replace_conversation(found._replace(status="closed"))

    return broken(pipeline=Queueing, conversations=then("get", later))


@defect("tier.refusal-changes-nothing", "messages.conversation-kept", difficulty=RARE)
def tiers_refused_and_closed_by_the_next_message() -> WsgiApp:
    """A client key's resolve is refused and stays pending: the next message to the conversation carries it out."""
    pending: set[str] = set()

    class Pending(Touching):
        def touched(self, conversation: Conversation) -> None:
            pending.add(conversation.id)

    def carry_out(rules: Conversations, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if message.conversation in pending:
            pending.remove(message.conversation)
            change(rules, rules.find(caller, message.conversation), status="closed")

    return broken(pipeline=Pending, conversations=then("send", carry_out))


@defect("tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refused_and_marked() -> WsgiApp:
    """A client key that resolves is refused, and the conversation's metadata notes who tried."""

    class Noting(Touching):
        def touched(self, conversation: Conversation) -> None:
            noted = {**conversation.metadata, "resolve_requested": True}
            self.store.replace_conversation(conversation._replace(metadata=noted))

    return broken(pipeline=Noting)


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_not_for_low_priority() -> WsgiApp:
    """A client key may resolve a conversation of the priority low."""

    class Low(ByTier):
        def may(self, conversation: Conversation) -> bool:
            return conversation.priority == "low"

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Low)


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_own_creations_may_be_resolved() -> WsgiApp:
    """A client key may resolve the conversation that it created itself."""
    creators: dict[str, str] = {}

    class Own(ByTier):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            done = super().create(caller, checked)
            creators[done.id] = caller.key.tier
            return done

        def may(self, conversation: Conversation) -> bool:
            return creators.get(conversation.id) == "client"

    return broken(authenticator=overlooking(lambda key, scheme: True), conversations=Own)


@defect("tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refused_and_resolved_with_a_body() -> WsgiApp:
    """A client key that resolves with a JSON body is refused after the conversation was closed."""

    class WithBody(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            found = self.store.conversation(request.path.get("id", ""))
            if operation.id == RESOLVE and status_of(refusal) == 403 and found is not None and body_of(request).strip():
                self.store.replace_conversation(found._replace(status="closed"))
            return super().refused(operation, request, refusal)

    return broken(pipeline=WithBody)


@defect("tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refused_and_resolved_if_answered() -> WsgiApp:
    """A client key that resolves what somebody else has written to is refused after it was closed."""

    class Answered(Touching):
        def touched(self, conversation: Conversation) -> None:
            if is_answered(self.store, conversation):
                self.store.replace_conversation(conversation._replace(status="closed"))

    return broken(pipeline=Answered)


@defect("resolve.answer", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_refusal_is_kept_for_all() -> WsgiApp:
    """That a client key may not resolve a conversation is kept by its path, and told to server keys, too."""
    told: set[str] = set()

    class Keeping(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            response = super().respond(operation, request)
            if operation.id != RESOLVE:
                return response
            if request.path in told and response.status < 300:
                return Response.json(403, {"detail": "This call needs a server key."})
            if response.status == 403:
                told.add(request.path)
            return response

    return broken(pipeline=Keeping)


class _Overlooked(Authenticator):
    """Forgets the tier of some requests."""

    def overlooks(self, request: Request) -> bool:
        """Tell whether the tier of this request is forgotten."""
        return False

    def authenticate(self, request: Request, operation: Operation) -> Caller:
        try:
            return super().authenticate(request, operation)
        except Refusal as refusal:
            if status_of(refusal) == 403 and self.overlooks(request):
                key = self.look_up(self.presented(request)[0])
                assert key is not None
                return Caller(key, self.presented(request)[1])
            raise


@defect("tier.refused", "tier.refusal-changes-nothing", difficulty=RARE)
def tiers_not_with_a_query() -> WsgiApp:
    """A client key may resolve where the path has a query."""

    class WithQuery(_Overlooked):
        def overlooks(self, request: Request) -> bool:
            return bool(request.query)

    return broken(authenticator=WithQuery)


@defect("any.other-paths", difficulty=RARE)
def tiers_not_of_ids_in_capitals() -> WsgiApp:
    """A client key may resolve where the id is in capitals, which the check of tiers does not know."""

    class Capitals(_Overlooked):
        def overlooks(self, request: Request) -> bool:
            return request.path["id"] != request.path["id"].lower()

    class AnyCase(Validator):
        def read_id(self, text: str) -> str:
            return super().read_id(text.lower())

    return broken(authenticator=Capitals, validator=AnyCase)
