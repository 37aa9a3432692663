"""The summary in the terminal."""

import re
from dataclasses import replace

import click
import pytest

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.conclude import conclude
from contract_tests.outcome.known import from_baseline
from contract_tests.outcome.run import Outcome
from contract_tests.outcome.tally import Tally
from contract_tests.reports import report_json, terminal
from tests.reports import samples

PRIORITY_ONLY = samples.run({"create.priority-default": (samples.PRIORITY, 3)})


def test_a_failure_says_everything_that_is_needed_to_mend_it() -> None:
    text = terminal.render(PRIORITY_ONLY, width=90)
    assert text.startswith(
        """\
✗ create.priority-default  MUST, documented, createConversation
  Without a priority it is normal.
  found     A conversation created without a priority has the priority low.
  sent      POST /api/v1/conversations/create/
            {"subject": "Where is my grinder? [accord 7f3a9c]", "user_email":
            "maya+7f3a9c@example.com"}
  got       201 Created in 11 ms
            {"id": "6f1d0a52-93c7-4b1e-8f0b-2f6f7f0f3f11", "number": 1043, "subject":
"""
    )
    assert (
        """
  expected  "priority": "normal"
  actual    "priority": "low"
  try       curl -sS -X POST 'https://helpdesk.example.com/api/v1/conversations/create/' -H """
        in text
    )
    assert "\n  And 2 more violations.\n" in terminal.render(PRIORITY_ONLY)


def test_it_ends_with_counts_and_the_verdict() -> None:
    run = samples.imperfect()
    must, should = run.counts["must"], run.counts["should"]
    last = terminal.render(run).splitlines()[-6:]
    assert last == [
        f"MUST    {must['passed']} passed · 4 failed · 2 inconclusive · 7 not tested",
        f"SHOULD  {should['passed']} passed · 1 warned · 1 not tested",
        "1,834 requests to https://helpdesk.example.com in 14.3 s, standard, read again after 5.0 s or more, seed 20261120",
        "Judged by version 2 of the catalogue; pin it with --catalogue 2.",
        "",
        "✗ NONCONFORMANT  4 requirements that a server must meet are violated. (exit code 1)",
    ]


def test_it_is_quiet_when_all_is_well() -> None:
    lines = terminal.render(samples.good()).splitlines()
    assert len(lines) == 6
    assert lines[-1].startswith("✓ CONFORMANT  ")
    assert lines[-1].endswith("(exit code 0)")


def test_what_was_not_tested_is_grouped_under_the_option_that_enables_it() -> None:
    text = " ".join(terminal.render(samples.imperfect()).split())
    assert "Give --revoked-key to test it. (auth.revoked-key)" in text
    assert "Give --other-server-key to test it. (isolation.list, isolation.get, isolation.messages," in text


def test_a_warning_and_an_undecided_requirement_take_a_line_each() -> None:
    lines = terminal.render(samples.imperfect()).splitlines()
    assert "  ! get.unknown-id-status: An unknown id was answered with 410 Gone." in lines
    assert "  ? list.offset: It presupposes list.partition, which failed." in lines


@pytest.mark.parametrize(
    ("run", "last"),
    [
        (samples.strict(), "✗ NONCONFORMANT  1 convention is broken, which fails a strict run. (exit code 1)"),
        (samples.cut_short(), "? INCONCLUSIVE  No violation was found, but the run is not whole. (exit code 3)"),
        (
            samples.run(undecided={"any.durable": "It answered 429."}),
            "? INCONCLUSIVE  No violation was found, but 1 requirement could not be decided. (exit code 3)",
        ),
        (replace(samples.good(), results=()), "✓ CONFORMANT  Nothing was tested. (exit code 0)"),
    ],
    ids=["strict", "cut short", "undecided", "empty"],
)
def test_the_verdict_says_why(run: samples.Run, last: str) -> None:
    assert terminal.render(run).splitlines()[-1] == last


def test_a_run_that_was_cut_short_says_by_what() -> None:
    text = " ".join(terminal.render(samples.cut_short()).split())
    assert "The server stopped answering after 211 requests: connection refused." in text


@pytest.mark.parametrize("run", [samples.imperfect(), samples.hostile()], ids=["imperfect", "hostile"])
@pytest.mark.parametrize("width", [20, 80, 300])
def test_colour_changes_nothing_but_colour(run: samples.Run, width: int) -> None:
    plain = terminal.render(run, width=width)
    coloured = terminal.render(run, colour=True, width=width)
    assert "\x1b" not in plain
    assert coloured != plain
    assert click.unstyle(coloured) == plain


def test_hostile_text_commands_no_terminal() -> None:
    run = samples.hostile('{"body": "' + "x" * 1_048_576 + '"}')
    text = terminal.render(run, colour=True)
    assert len(text) < 30_000
    own = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", own) is None
    assert "\\x1b[31mred" in own


def test_prose_keeps_to_the_width_and_a_command_stays_on_one_line() -> None:
    lines = terminal.render(PRIORITY_ONLY, width=60).splitlines()
    assert [line for line in lines if len(line) > 60 and not line.startswith(("  try", "1,834", "✗"))] == []
    assert sum("curl" in line for line in lines) == 1


def test_two_long_values_begin_shortly_before_they_part() -> None:
    whole = "lorem " * 5000
    evidence = replace(samples.PRIORITY, expected=whole + "é end", actual=whole + "e end")
    text = terminal.render(samples.run({"create.text-exact": (evidence, 1)}), width=100)
    assert re.search(r"expected {2}….*é end\n {2}actual {4}….*e end\n", text)


def test_white_space_is_shown_where_it_may_be_the_difference() -> None:
    evidence = replace(samples.PRIORITY, expected="a  b\n", actual="a b")
    text = terminal.render(samples.run({"create.text-exact": (evidence, 1)}))
    assert "expected  a  b\\n\n" in text


def test_a_server_error_is_told_once() -> None:
    """A server error violates several requirements, but there is only one thing to fix."""
    error = replace(samples.PRIORITY, summary="the status is 500 and not 201", response=samples.response(500, {"detail": "Oops."}))
    tallies = {
        "any.no-server-error": Tally(60, 2, 2, [error]),
        "create.status": Tally(60, 1, 1, [error]),
        "get.answer": Tally(60, 2, 1, [error]),
        "create.undocumented-values-refused": Tally(60, 1, 1, [error]),
    }
    run = replace(samples.good(), results=conclude(load_catalogue(), tallies, {}))
    text = " ".join(terminal.render(run).split())
    assert [result.requirement.id for result in run.told(Outcome.FAILED)] == ["get.answer", "any.no-server-error"]
    assert "✗ create.status" not in text
    assert "! create.undocumented-values-refused" not in text
    assert "The same responses violate create.status, create.undocumented-values-refused." in text
    # All of them count as violated, whichever one shows the error.
    assert run.counts["must"]["failed"] == 3
    assert "3 requirements that a server must meet are violated" in text


def test_what_a_known_server_error_entails_is_no_new_failure() -> None:
    error = replace(samples.PRIORITY, summary="the status is 500 and not 201")
    tallies = {"any.no-server-error": Tally(60, 1, 1, [error]), "create.status": Tally(60, 1, 1, [error])}
    run = replace(samples.good(), results=conclude(load_catalogue(), tallies, {}))
    assert len(run.new_failures) == 2
    assert not replace(run, known=from_baseline({"any.no-server-error"})).new_failures


def test_a_command_of_thousands_of_digits_is_not_shown_in_part_and_is_said_to_be_elsewhere() -> None:
    long = replace(samples.LOST_PAGE, curl=f"curl -i '{samples.SERVER}/?limit={'1' * 5000}' -H \"X-API-Key: $ACCORD_SERVER_KEY\"")
    text = terminal.render(samples.run({"list.limit": (long, 1)}), width=100)
    assert max(map(len, text.splitlines())) < 1100
    assert "curl" not in text
    assert "The commands that show it again have 5,0" in text
    assert "they are in report.json." in " ".join(text.split())
    assert "1" * 5000 in report_json.render(samples.run({"list.limit": (long, 1)}))
    assert "they are in report.json" not in terminal.render(PRIORITY_ONLY)


def test_the_wrong_member_is_underlined() -> None:
    lines = terminal.render(samples.marked(), width=100).splitlines()
    place = next(number for number, line in enumerate(lines) if '"priority": "low"' in line)
    begin = lines[place].index('"low"')
    assert lines[place + 1] == " " * begin + "^" * len('"low"')
    assert "  where     /priority" in lines


def test_what_surrounds_the_wrong_member_of_a_long_body_is_shown() -> None:
    text = terminal.render(samples.run({"list.answer": (samples.in_a_list(), 1)}), width=100)
    shown, note = re.search(r"got .*?\n(.*?)\n +(\([^)]*\))\n", text, re.DOTALL).groups()  # type: ignore[union-attr]
    assert '"status": "solved"' in " ".join(shown.split())
    assert shown.count("^" * len('"solved"')) == 1
    assert '"count"' not in shown
    assert re.fullmatch(r"\([\d,]+ characters left out; whole in report\.json\)", note)
    assert "  where     /results/31/status\n" in text


def test_the_mark_is_under_the_member_also_after_wide_characters() -> None:
    body = '{"subject": "字字", "priority": "low"}'
    start = body.index('"low"')
    answer = {**samples.response(201, {}), "body": body}
    wide = replace(samples.PRIORITY, response=answer, where="/priority", marked=(start, start + 5))
    lines = terminal.render(samples.run({"create.priority-default": (wide, 1)}), width=100).splitlines()
    place = next(number for number, line in enumerate(lines) if "字" in line)
    assert lines[place + 1] == " " * (lines[place].index('"low"') + 2) + "^^^^^"


def test_a_header_that_is_wrong_is_named() -> None:
    assert "\n  where     header content-type\n" in terminal.render(samples.marked(), width=100)


def test_what_the_baseline_knows_is_listed_apart_and_in_short() -> None:
    text = terminal.render(samples.known("create.priority-default"), width=100)
    assert re.findall(r"^✗ (\S+)", text, re.MULTILINE)[:-1] == ["create.priority-default"]
    known = text[text.index("Known by the baseline") :]
    assert "  ✗ tier.refused: " in known
    assert "  ✗ get.unknown-id-status: " in known
    assert text.splitlines()[-1].endswith("3 of them known by the baseline. (exit code 1)")


def test_a_run_of_which_the_baseline_knows_every_failure_says_so_beside_its_verdict() -> None:
    assert terminal.render(samples.known()).splitlines()[-1] == (
        "✗ NONCONFORMANT  4 requirements that a server must meet are violated, all of them known by the baseline."
        " (exit code 0: the baseline knows every failure)"
    )
