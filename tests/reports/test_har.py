"""traffic.har is read by another program, and has what was sent and what came back, in order, bounded and without keys."""

import json
from pathlib import Path
from typing import Any

import pytest
from haralyzer import HarParser

from contract_tests.model.writes import History
from contract_tests.outcome.traffic import KEPT_BODY, Traffic
from contract_tests.reports import har
from contract_tests.run.recordings import read, recorded, write
from contract_tests.transport.credentials import Keys
from contract_tests.transport.exchange import Call, Exchange
from tests.reports import samples

KEYS = Keys.given("bnc_sv_0123456789abcdef0123456789abcdef", "bnc_cl_0123456789abcdef0123456789abcdef")


def exchange(number: int, body: bytes = b'{"id": "x"}', status: int = 200) -> Exchange:
    call = Call("POST", "/api/v1/conversations/create/", (("q", "ä b"),), {"X-Odd": "1"}, b'{"subject": "s"}', KEYS.server)
    headers = {"content-type": "application/json", "location": "/elsewhere"}
    return Exchange(
        call, f"http://desk.test{call.path}?q=x", status, headers, body, 0.012, number=number, at=1_800_000_000.5 + number
    )


def history(*exchanges: Exchange) -> History:
    found = History()
    for one in exchanges:
        found.note(one)
    return found


def entries(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["log"]["entries"]
    assert len(HarParser(json.loads(text)).har_data["entries"]) == len(found)
    return found


def rendered(*recordings: tuple[float, str]) -> list[dict[str, Any]]:
    return entries(har.render(samples.run(traffic=Traffic(tuple(line for _, line in recordings)))))


def test_an_exchange_is_whole_and_another_program_reads_it() -> None:
    [entry] = rendered(*recorded(history(exchange(1)), KEYS.redactor().redact))
    assert entry["startedDateTime"] == "2027-01-15T08:00:01.500Z"
    assert entry["request"]["postData"] == {"mimeType": "", "text": '{"subject": "s"}'}
    assert entry["response"]["content"]["text"] == '{"id": "x"}'
    assert entry["response"]["redirectURL"] == "/elsewhere"
    assert {"name": "q", "value": "ä b"} in entry["request"]["queryString"]
    page = HarParser({"log": {"version": "1.2", "entries": [entry], "pages": []}})
    assert page.match_status_code(page.har_data["entries"][0], "200")
    assert page.match_headers(page.har_data["entries"][0], "response", "location", "elsewhere")


@pytest.mark.parametrize("body", [KEYS.server.key.encode(), b"x" * (KEPT_BODY - 20) + KEYS.server.key.encode(), b"\xff\x00\x1b"])
def test_no_key_is_in_it_and_a_body_is_cut(body: bytes) -> None:
    text = json.dumps(rendered(*recorded(history(exchange(1, body * 20)), KEYS.redactor().redact)))
    assert "0123456789abcdef0123" not in text
    assert len(text) < 3 * KEPT_BODY + 2_000


def test_what_showed_a_violation_is_kept_before_what_came_last() -> None:
    all_ = [exchange(number, b"y" * 500) for number in range(100)]
    found = history(*all_)
    found.point_out(all_[3], "create.status")
    kept = rendered(*sorted(recorded(found, str, most=10_000)))
    assert kept[0]["comment"] == "violates create.status"
    moments = [entry["startedDateTime"] for entry in kept]
    assert moments == sorted(moments)
    assert 3 < len(kept) < 20
    assert moments[1:] == [entry["startedDateTime"] for entry in rendered(*recorded(history(*all_[-len(kept) + 1 :]), str))][::-1]


def test_workers_leave_theirs_in_files_and_one_that_was_ended_too(tmp_path: Path) -> None:
    one, other = recorded(history(exchange(2)), str), recorded(history(exchange(1), exchange(3)), str)
    write(tmp_path, "gw0", one)
    write(tmp_path, "gw1", other)
    (tmp_path / "gw2").write_text("1800000009.5 " + other[0][1][:40])
    assert sorted(read(tmp_path)) == sorted([*one, *other])


def test_without_recordings_it_has_the_evidence() -> None:
    comments = {entry["comment"] for entry in entries(har.render(samples.imperfect()))}
    assert comments == {f"violates {name}" for name in samples.BROKEN}
    assert entries(har.render(samples.good())) == []
    assert len(entries(har.render(samples.hostile()))) == 2
