"""The fixtures of the shipped tests."""

from collections.abc import Iterator

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.data.corpus import Corpus, build_corpus
from contract_tests.effort import Effort
from contract_tests.judging.check_log import Judge
from contract_tests.run.context import AUDITED, CONTEXT
from contract_tests.run.settings import Settings
from contract_tests.transport.credentials import Credential, Keys
from contract_tests.transport.stopping import READING_AGAIN


@pytest.fixture(scope="session")
def desk(request: pytest.FixtureRequest) -> Iterator[Helpdesk]:
    """The server under test. At the end of the run, all that it acknowledged is read again."""
    context = request.config.stash[CONTEXT]
    helpdesk = context.desk
    yield helpdesk
    if context.settings.selects(AUDITED):
        helpdesk.wait_for_horizon()
    helpdesk.target.deadline.grant(READING_AGAIN)
    helpdesk.audit()


@pytest.fixture(scope="session")
def judge(desk: Helpdesk) -> Judge:
    return desk.judge


@pytest.fixture(scope="session")
def contract(desk: Helpdesk) -> Contract:
    return desk.contract


@pytest.fixture(scope="session")
def effort(desk: Helpdesk) -> Effort:
    return desk.effort


@pytest.fixture(scope="session")
def run_settings(request: pytest.FixtureRequest) -> Settings:
    return request.config.stash[CONTEXT].settings


@pytest.fixture(scope="session")
def keys(desk: Helpdesk) -> Keys:
    return desk.target.keys


@pytest.fixture(scope="session")
def client_key(keys: Keys) -> Credential:
    return keys.client or pytest.skip("needs --client-key")


@pytest.fixture(scope="session")
def revoked_key(keys: Keys) -> Credential:
    return keys.revoked or pytest.skip("needs --revoked-key")


@pytest.fixture(scope="session")
def other_server_key(keys: Keys) -> Credential:
    return keys.other_server or pytest.skip("needs --other-server-key")


@pytest.fixture(scope="session")
def origin_client_key(keys: Keys) -> Credential:
    return keys.origin_client or pytest.skip("needs --origin-client-key and --origin")


@pytest.fixture(scope="session")
def corpus(desk: Helpdesk) -> Corpus:
    """One requester's conversations, more than the largest page holds, some of them resolved."""
    return build_corpus(desk)
