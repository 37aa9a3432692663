"""What becomes of requests under load: none that writes is sent twice, and nothing goes uncounted."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from contract_tests.contract.document import load_contract
from contract_tests.load import sending
from contract_tests.load.sending import LoadTarget
from contract_tests.transport.credentials import Keys
from contract_tests.transport.exchange import Call
from contract_tests.transport.sender import Unanswered
from mockserver.serving.server import serving

LIST, CREATE = Call("GET", "/api/v1/conversations/"), Call("POST", "/api/v1/conversations/create/")


@contextmanager
def target(*answers: tuple[int, dict[str, str]]) -> Iterator[tuple[LoadTarget, list[str], list[tuple[str, bool]]]]:
    """Serve these responses in turn; yield a client, the methods that the server got, and what the client reported."""
    asked: list[str] = []
    told: list[tuple[str, bool]] = []
    turns = itertools.cycle(answers)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(environ["REQUEST_METHOD"])
        status, headers = next(turns)
        start_response(f"{status} Some", list(headers.items()))
        return [b"{}"]

    def report(method: str, name: str, milliseconds: float, length: int, error: Exception | None) -> None:
        told.append((name, error is not None))

    with serving(app) as url:
        found = LoadTarget(load_contract(), url, Keys.given("bnc_sv_key"), report=report, timeout=2)
        try:
            yield found, asked, told
        finally:
            found.close()


def test_an_answer_that_asks_to_wait_is_obeyed_and_not_measured() -> None:
    with target((429, {"Retry-After": "0"}), (503, {"Retry-After": "0"}), (201, {})) as (sends, asked, told):
        assert sends.send(CREATE).status == 201
        assert asked == ["POST"] * 3
        assert told == [("createConversation", False)]
        assert sends.traffic.waits == 2


def test_a_read_is_sent_again_past_a_gateway_that_fails() -> None:
    with target((502, {}), (504, {}), (200, {})) as (sends, asked, told):
        assert sends.send(LIST).status == 200
        assert told == [("listConversations", True), ("listConversations", True), ("listConversations", False)]
        assert sends.traffic.gateway_errors == len(asked) - 1 == 2


def test_a_write_is_not() -> None:
    with target((502, {}), (201, {})) as (sends, asked, _):
        with pytest.raises(Unanswered):
            sends.send(CREATE)
        assert sends.send(CREATE).status == 201
        assert (asked, sends.traffic.lost_writes) == (["POST"] * 2, 1)


def test_a_gateway_that_never_succeeds_is_the_servers_answer() -> None:
    with target((503, {})) as (sends, _, _):
        assert sends.send(LIST).status == 503
        for _ in range(2):
            with pytest.raises(Unanswered):
                sends.send(CREATE)
        assert sends.send(CREATE).status == 503


def test_a_server_that_is_gone_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_PAUSE", 0.0)
    with target((200, {})) as (sends, _, told):
        url = sends.base_url
    gone = LoadTarget(load_contract(), url, Keys.given("bnc_sv_key"), report=lambda *_: told.append(("", True)), timeout=0.2)
    for _ in range(60):
        if gone.gone:
            break
        with pytest.raises(Unanswered):
            gone.send(CREATE)
    assert gone.gone
    assert gone.traffic.lost_writes == gone.traffic.unanswered == len(told)
