"""Conversations with a history: what must be refused for new conversations must be refused for these, too."""

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE
from contract_tests.model.ledger import Record


def create_lived(desk: Helpdesk, channel: int, *, anonymous: bool = False, closed: bool = False) -> Record:
    """Create a conversation with messages of two people, as far as they may write, and read it again.

    `channel` is an index into the documented channels, modulo their number.
    Whether anyone but the requester may write is open, and so is whether an anonymous one has messages; a refused message is left
    out. Raises Blocked if a documented request is refused.
    """
    channels, priorities = desk.contract.channels, desk.contract.priorities
    nobody = anonymous and "user_email" not in desk.contract[CREATE_CONVERSATION].required
    members = {"user_email": None} if nobody else {"user_first_name": "Livia", "user_last_name": "O'Brien & <Söhne>"}
    record = desk.create(
        desk.payload(
            subject=desk.subject('It\'s <broken> & "Größe" 🎉'),
            channel=channels[channel % len(channels)],
            priority=priorities[-1],
            description=desk.body("It began like this."),
            **members,
        )
    )
    colleague = desk.email("colleague")
    if record.email:
        desk.send(record, desk.body("I am the one who asked."))
    for _ in range(2):
        body = desk.body("I work with them.")
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": colleague})
        if not exchange.succeeded:
            break
        desk.record_message(record, body, colleague)
    # Whoever writes to it, it stays its requester's.
    desk.get(record)
    if closed:
        desk.resolve(record)
    return record
