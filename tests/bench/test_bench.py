"""The benchmarks measure what they say: parsing, arithmetic and the page, and one round on our mock without wrk."""

import http.client
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.comparison import Comparison, Plan, Results, compare
from bench.growth import Grown, grow
from bench.load import Load, LoadFailed, Request, parse, wrk
from bench.measure import Sample, figures, ratio, rotated, spread
from bench.page import PAGE, comparison, growth, put
from bench.processes import StartFailed, started
from bench.servers import FLOOR, Missing, Server, floor, ours, peers
from bench.workloads import COMPARED, CONTRACT, fill

PRINTED = """Running 1s test @ http://127.0.0.1:4010
  1 threads and 16 connections
Requests/sec:  23000.45
figures requests=23000 microseconds=1000500 bytes=4600000 p50=650 p99=2345 connect=0 read=0 write=0 status={} timeout=0
"""


def sample(requests: int, cpu_seconds: float, p99_ms: float = 2.0) -> Sample:
    return Sample(Load(requests, 2.0, p99_ms, 500), cpu_seconds)


def test_the_figures_of_wrk() -> None:
    load = parse(PRINTED.format(0))
    assert load == Load(requests=23000, seconds=1.0005, p99_ms=2.345, size=200)


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (PRINTED.format(7), "7 by status"),
        ("unable to connect", "no figures"),
        (PRINTED.format(0).replace("requests=23000", "requests=0"), "not one"),
    ],
)
def test_a_failed_load_is_no_result(printed: str, reason: str) -> None:
    with pytest.raises(LoadFailed, match=reason):
        parse(printed)


def test_what_a_request_costs() -> None:
    one = sample(10_000, 0.5)
    assert (one.rate, one.cpu_us, one.per_cpu_second) == (5000, 50, 20_000)


def test_medians_of_rounds_and_their_noise() -> None:
    it = figures([sample(10_000, 0.5, 1), sample(8_000, 0.8, 9), sample(20_000, 1.2, 3)])
    assert (it.rate, it.p99_ms, it.size) == (5000, 3, 500)
    assert it.cpu_us == pytest.approx(60)
    assert it.per_cpu_second == pytest.approx(16_666, abs=1)
    assert it.rate_spread == pytest.approx(6000 / 5000)
    assert spread([4.0]) == 0
    assert ratio(6, 4) == 1.5
    assert ratio(6, 0) == float("inf")


def test_nobody_is_always_first() -> None:
    assert [rotated("abc", number) for number in range(4)] == [[*"abc"], [*"bca"], [*"cab"], [*"abc"]]


def test_requests_of_a_conversation() -> None:
    item = {"id": "c1", "status": "open", "requester": {"email": "a+b@example.com"}}
    assert fill(CONTRACT["list"], item) == Request("GET", "/api/v1/conversations/?user_email=a%2Bb%40example.com&limit=20")
    assert '"user_email": "a+b@example.com"' in fill(CONTRACT["send"], item).body


def results(name: str, requests: int) -> Results:
    server = Server(name, "1.0", lambda port: [], "stands still")
    return Results(server, [0.25], [50.0], {workload: [sample(requests, 1.0)] for workload in COMPARED})


def test_the_page_of_the_comparison() -> None:
    other = results("Other", 4_000)
    other.failures["create"] = "refused"
    text = comparison(Comparison(Plan(), [results("Accord", 10_000), other], [Missing("Third", "not installed")]), "Measured.")
    assert "| Other | 2.5 | 2.5 | 2.5 | 2.5 | – |" in text
    assert "| Accord | 5000 | 0 % | 100 | 0 % | – | 10000 | 2.0 | 500 |" in text
    assert "**Third was not measured:** not installed." in text
    assert "**Other, create: no result,** since refused" in text
    assert "| Accord | 250 | 0 % | 1.0 | 50 | 1.0 |" in text


def test_the_page_says_how_far_the_floor_is() -> None:
    text = comparison(Comparison(Plan(), [results("Accord", 10_000), results(FLOOR, 40_000)], []), "Measured.")
    assert "| Accord | 5000 | 0 % | 100 | 0 % | 4.0 | 10000 | 2.0 | 500 |" in text
    assert f"| {FLOOR} | 20000 | 0 % | 25 | 0 % | 1.0 | 40000 | 2.0 | 500 |" in text


def test_the_floor_is_served() -> None:
    plan = Plan(rounds=1, seconds=1, warm_up=0, settle=0, conversations=10)
    _, found = compare(plan, [floor()], slowly, lambda text: None).results
    assert not found.failures
    assert found.samples["create"][0].load.size == 572


def test_the_page_of_growth() -> None:
    small = Grown(1_000, 0.5, 50.0, 1_200, {"create": [sample(10_000, 1.0)]})
    large = Grown(101_000, 3.0, 150.0, 101_200, {"create": [sample(9_000, 1.0)]})
    text = growth([small, large], "Measured.", 1, 2)
    assert "| 101 000 | 3.0 | 150 | 1049 |" in text
    assert "| create | 1.00 | 0.90 |" in text
    assert "held 1 200, 101 200 conversations" in text


def test_a_section_is_replaced_and_nothing_else() -> None:
    page = "before\n<!-- a: begin -->\nold\n<!-- a: end -->\nafter\n"
    assert put(page, "a", r"new \1") == "before\n<!-- a: begin -->\n\nnew \\1\n\n<!-- a: end -->\nafter\n"
    with pytest.raises(ValueError, match="no section b"):
        put(page, "b", "new")
    for section in ("comparison", "growth"):
        assert put(PAGE.read_text("utf-8"), section, "new")


def slowly(url: str, requests: list[Request], headers: dict[str, str], seconds: int) -> Load:
    """Send the first sixty requests once, from this process, in place of wrk."""
    requests = requests[:60]
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    began, size = time.perf_counter(), 0
    for request in requests:
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        size += len(answer.read())
        assert answer.status in (200, 201)
    connection.close()
    return Load(len(requests), time.perf_counter() - began, 1.0, size / len(requests))


def test_a_round_on_our_mock() -> None:
    plan = Plan(rounds=1, seconds=1, warm_up=0, settle=0, conversations=60)
    measured = compare(plan, [Missing("Other", "not asked for")], slowly, lambda text: None)
    (mine,) = measured.results
    assert not mine.failures
    assert {name: [it.load.requests for it in samples] for name, samples in mine.samples.items()} == {
        name: [60] for name in COMPARED
    }
    assert mine.starts[0] > 0.05
    assert mine.memory[0] > 10
    assert "| Accord |" in comparison(measured, "Measured.")


def test_growth_on_our_mock() -> None:
    (small,) = grow([50], rounds=1, seconds=1, warm_up=0, load=slowly, say=lambda text: None)
    assert small.at_the_end > 50
    assert "| list by both |" in growth([small], "Measured.", 1, 1)


def test_wrk_itself(tmp_path: Path) -> None:
    if shutil.which("wrk") is None:
        pytest.skip("wrk is not installed (apt-get install wrk)")
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
    (tmp_path / "index.html").write_text("hello")
    with started(lambda port: [*command, str(port)], "/", {}, tmp_path) as process:
        with pytest.raises(LoadFailed, match="by status"):
            wrk(process.url, [Request("GET", "/"), Request("GET", "/nothing")], {}, 1)
        assert process.cpu_seconds() > 0


def test_a_server_that_ends_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(StartFailed, match=r"ended with 3: no luck"),
        started(
            lambda port: [sys.executable, "-c", "import sys; print('no luck', file=sys.stderr); sys.exit(3)"], "/", {}, tmp_path
        ),
    ):
        raise AssertionError


def test_a_server_is_stopped_whatever_happens(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
    with pytest.raises(ZeroDivisionError), started(lambda port: [*command, str(port)], "/", {}, tmp_path) as process:
        raise ZeroDivisionError
    assert not Path(f"/proc/{process.pid}").exists()


def test_peers_are_there_or_missing_for_a_reason() -> None:
    for peer in peers():
        assert peer.reason if isinstance(peer, Missing) else peer.version[0].isdigit()
    assert ours(Path("x.yaml")).version


def test_the_lock_file_names_no_host() -> None:
    lock = (Path(__file__).parents[2] / "bench" / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock


def test_the_command_explains_itself() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "--help"], cwd=PAGE.parent, capture_output=True, text=True, check=True)
    assert "--sizes" in done.stdout
