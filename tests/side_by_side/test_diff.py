"""`accord diff`: equal servers show no difference, differences are named in every format, and texts of servers stay texts."""

import json
from pathlib import Path
from typing import Any

import pytest

from contract_tests.side_by_side.differences import Comparison, Row, compared
from contract_tests.side_by_side.rendering import as_html, as_text
from contract_tests.side_by_side.session import Seen
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.serving.server import serving
from tests.cli.command import key_options
from tests.cli.forking import accord
from tests.defects.registry import all_defects
from tests.harness.trials import run_here

FEW = ("--only", "create.priority-*")


def rows(found: Any, part: str) -> dict[str, Any]:
    return {row["name"]: row for row in found[part] if row["differs"]}


def test_two_that_conform_are_alike(tmp_path: Path) -> None:
    with serving(create_app()) as first, serving(create_app(scenario="empty", seed=1)) as second:
        ended = accord(tmp_path, "diff", first, second, *key_options(), *FEW)
    assert ended.code == 0, ended.said
    assert ended.out.endswith("ALIKE\n")
    assert "One session: 0 of 20 differ" in ended.out


def test_what_differs_is_named(tmp_path: Path) -> None:
    other = create_app(scenario="empty", choices={"limit_over_maximum": "reject"})
    with serving(all_defects()["values-urgent-is-high"].app()) as first, serving(other) as second:
        ended = accord(tmp_path, "diff", first, second, *key_options(), *FEW, "--only", "list.maximum", "--format", "json")
        assert ended.code == 1, ended.said
        page = accord(tmp_path, "diff", first, second, *key_options(), *FEW, "--format", "html", "--output", "diff.html")
        assert page.code == 1, page.said
    found = json.loads(ended.out)
    assert found["servers"] == [first, second]
    requirement = rows(found, "requirements")["create.priority-kept"]
    assert (requirement["first"], requirement["second"]) == ("failed", "passed")
    assert "urgent" in requirement["detail"][0]
    asked = rows(found, "session")["list with a limit beyond the maximum"]
    assert (asked["first"][:3], asked["second"][:3]) == ("200", "400")
    assert "create.priority-kept" in (tmp_path / "diff.html").read_text("utf-8")
    assert not [name for name in ended.said.split() if StandardKeys.of(1).server in name]


def test_a_second_server_with_other_keys(tmp_path: Path) -> None:
    keys = StandardKeys.of("another")
    theirs = ("--second-server-key", keys.server, "--second-client-key", keys.client)
    with serving(create_app()) as first, serving(create_app(seed="another")) as second:
        ended = accord(tmp_path, "diff", first, second, *key_options("--server-key", "--client-key"), *theirs, *FEW)
        assert ended.code == 0, ended.said
        refused = accord(tmp_path, "diff", first, second, *key_options("--server-key", "--client-key"), *FEW)
        assert refused.code == 2, refused.said
        assert second in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("nonsense", "http://127.0.0.1:9"), "not a URL"), (("http://127.0.0.1:9", "http://127.0.0.1:9"), "server key")],
)
def test_mistakes(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = accord(tmp_path, "diff", *arguments)
    assert ended.code == 2, ended.said
    assert said in ended.err


def test_choices_that_one_server_alone_showed_tell_nothing_apart() -> None:
    run = run_here(create_app(), only=("create.priority-kept",))
    same = compared((run, run), ([("a", Seen(200, "x", {}))], [("a", Seen(200, "x", {}))]))
    assert not same.differs
    assert all("not observed" not in (row.first, row.second) for row in same.choices)


def test_texts_of_servers_stay_texts() -> None:
    attack = "<script>alert(1)</script>\x1b[31m"
    seen = [("a", Seen(200, "text/html", {"subject": attack}))], [("a", Seen(200, "text/html", {"subject": "fine"}))]
    run = run_here(create_app(), only=("create.priority-kept",))
    found = compared((run, run), seen)
    assert found.differs
    assert "<script>" not in as_html(found)
    assert "\x1b" not in as_text(found) + as_html(found)
    assert "fine" in as_text(found)


def test_much_that_differs_is_told_in_part() -> None:
    first, second = ({str(number): name for number in range(500)} for name in ("one", "two"))
    run = run_here(create_app(), only=("create.priority-kept",))
    [row] = compared((run, run), ([("a", Seen(200, "x", first))], [("a", Seen(200, "x", second))])).session
    assert len(row.detail) == 41
    assert row.detail[-1] == "… and 960 more lines"
    assert "with other content" in as_text(Comparison("a", "b", (), (), (row,)))
    assert not Row("a", "b", "b").differs
