"""From the settings of a run to what its requests are sent by."""

from typing import Any

from contract_tests.contract.document import Contract
from contract_tests.contract.operations import LIST_CONVERSATIONS
from contract_tests.run.settings import Settings
from contract_tests.transport.guard import Guard
from contract_tests.transport.sender import Target
from contract_tests.transport.stopping import Deadline


def target_of(settings: Settings, contract: Contract, deadline: Deadline, **otherwise: Any) -> Target:
    """Return a target that reaches the server as the settings say. `otherwise` are arguments of `Target` that take their place."""
    given: dict[str, Any] = {
        "guard": Guard(contract, settings.keys),
        "timeout": settings.timeout,
        "deadline": deadline,
        "probe": contract[LIST_CONVERSATIONS].path,
        "access": settings.access,
    }
    return Target(settings.base_url, settings.keys, **{**given, **otherwise})
