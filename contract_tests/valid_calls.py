"""Valid requests for each operation, for the tests that try all of them with some key or other."""

from contract_tests.helpdesk import Helpdesk
from contract_tests.ledger import Record


def valid_body(desk: Helpdesk, operation_id: str, record: Record, email: str | None = None) -> dict[str, object] | None:
    """A body that makes a call of the operation valid; `email` is the requester of what it would create."""
    if operation_id == "createConversation":
        return desk.payload(user_email=email or desk.email())
    if operation_id == "createMessage":
        return {"body": desk.body("Any news?"), "user_email": record.email}
    return None


def accepted(operation_id: str, record: Record) -> None:
    """Tell the ledger what a call that was accepted did to the conversation, where the test does not follow its details."""
    if operation_id == "createMessage":
        record.was_messaged()
    if operation_id == "resolveConversation":
        record.was_resolved()
