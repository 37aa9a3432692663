"""Valid requests for each operation, for the tests that try all of them with some key or other."""

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE, RESOLVE_CONVERSATION
from contract_tests.model.ledger import Record


def valid_body(desk: Helpdesk, operation_id: str, record: Record, email: str | None = None) -> dict[str, object] | None:
    """Return a body that makes a call of the operation valid. `email` is the requester of a create, which then also has names."""
    if operation_id == CREATE_CONVERSATION:
        names = {"user_first_name": "Eve", "user_last_name": "Wrong"} if email else {}
        return desk.payload(user_email=email or desk.email(), **names)
    if operation_id == CREATE_MESSAGE:
        return {"body": desk.body("Any news?"), "user_email": record.email}
    return None


def check_nobody_left(desk: Helpdesk, email: str) -> None:
    """Judge that refused creates with `valid_body` left no user with this address, who would keep the names from them."""
    desk.create(desk.payload(user_email=email, user_first_name="Nell", user_last_name="Right"))


def record_accepted(operation_id: str, record: Record) -> None:
    """Tell the ledger what a call that was accepted did to the conversation, where the test does not follow its details."""
    if operation_id == CREATE_MESSAGE:
        record.note_message()
    if operation_id == RESOLVE_CONVERSATION:
        record.note_resolved()
