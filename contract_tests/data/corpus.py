"""The conversations that list, filter and paging checks look through: one requester's, more than the largest page holds."""

from dataclasses import dataclass

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.model.ledger import Record


@dataclass(frozen=True, slots=True)
class Corpus:
    """`records` in the order in which they were created; every fourth is resolved."""

    email: str
    records: list[Record]

    def ids(self, status: str | None = None) -> set[str]:
        """The ids of its conversations, or of those that have the status."""
        return {record.id for record in self.records if status is None or record.status == status}


def build_corpus(desk: Helpdesk) -> Corpus:
    """Create the corpus, with every documented priority and channel. Raises Blocked where the server does not let it."""
    contract, email = desk.contract, desk.email("corpus")
    records = []
    for number in range(contract.page_maximum + 5):
        payload = desk.payload(
            user_email=email,
            subject=desk.subject("Delivery"),
            priority=contract.priorities[number % len(contract.priorities)],
            channel=contract.channels[number // 2 % len(contract.channels)],
            metadata={"position": number, "tags": ["delivery", f"batch-{number % 7}"], "gift": number % 2 == 0},
        )
        records.append(desk.create(payload))
    for record in records[::4]:
        desk.resolve(record)
    return Corpus(email, records)
