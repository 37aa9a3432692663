"""What the tests of one process share."""

import random
from dataclasses import dataclass, field

import pytest

from contract_tests.client.api import Api
from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.names import Names, addresses_of_preflight
from contract_tests.client.repeating import Repeater
from contract_tests.contract.catalogue import Catalogue, load_catalogue
from contract_tests.contract.document import load_contract
from contract_tests.effort import effort_named
from contract_tests.judging.check_log import Judge
from contract_tests.model.ledger import Ledger
from contract_tests.run.settings import Settings
from contract_tests.transport.sender import Target

AUDITED = "any.durable"
"""The requirement that is exercised when the last test has ended."""


@dataclass(frozen=True)
class Context:
    """All that one worker shares between its tests."""

    settings: Settings
    catalogue: Catalogue
    desk: Helpdesk
    worker: str
    _counted: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def of(cls, settings: Settings, target: Target, worker: str = "") -> "Context":
        catalogue, contract = load_catalogue(), load_contract(settings.spec_path)
        chance = random.Random(f"{settings.seed}{worker}")
        names = Names(contract, settings.run_id + worker, chance, settings.email_domain)
        ledger = Ledger(names.run_id, addresses_of_preflight(settings.run_id))
        api = Api(contract, target, chance)
        repeater = Repeater(api, ledger)
        judge = Judge(
            catalogue,
            target.base_url,
            target.redact,
            target.keys.variables(),
            ask_again=repeater.ask_again,
            curl_options=target.access.curl,
        )
        effort = effort_named(settings.effort).within(settings.max_conversations).shared_by(settings.workers or 1)
        desk = Helpdesk(api, ledger, judge, names, repeater, effort, consistency_window=settings.consistency_window)
        return cls(settings, catalogue, desk, worker, [target.sent])

    def asked_since(self) -> int:
        """How many requests were sent since this was asked last; those of the preflight are not among them."""
        before, self._counted[0] = self._counted[0], self.desk.target.sent
        return self._counted[0] - before


CONTEXT = pytest.StashKey[Context]()
"""Where pytest's configuration keeps it."""
