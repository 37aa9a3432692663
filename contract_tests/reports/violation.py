"""A violation in the lines that reports for people share: what was sent, what came back, and how to see it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.outcome.tally import Evidence
from contract_tests.reports.text import one_line, status_text


@dataclass(frozen=True, slots=True)
class ViolationText:
    """`sent`, `got` and `where` are a line each; `where` is empty where the response as a whole is wrong.

    `script` has the commands that show the violation again. It is empty where they are longer than a report shows; then `elsewhere`
    says where they are. Part of them is never shown: a command that is cut does something else when it is pasted.
    """

    sent: str
    got: str
    where: str
    script: str
    elsewhere: str

    @classmethod
    def of(cls, evidence: Evidence, *, longest_script: int, base_url: str = "") -> "ViolationText":
        """Return the lines of a violation; its request is shown without the base URL, where one is given."""
        short = len(evidence.curl) <= longest_script
        return cls(
            _request(evidence.request, base_url),
            _response(evidence.response),
            _place(evidence.where) if evidence.where else "",
            evidence.curl if short else "",
            "" if short else f"The commands that show it again have {len(evidence.curl):,} characters: they are in report.json.",
        )


def _request(request: Mapping[str, Any], base_url: str) -> str:
    return one_line(f"{request.get('method', '')} {str(request.get('url', '')).removeprefix(base_url)}", 500)


def _response(response: Mapping[str, Any] | None) -> str:
    """The status and how long it took, or that no response came and why."""
    if response is None:
        return "no response"
    if response.get("status") is None:
        return f"no response: {one_line(str(response.get('reason', 'the reason is not known')), 400)}"
    elapsed = response.get("elapsed_ms")
    return status_text(response["status"]) + (f" in {elapsed:.0f} ms" if isinstance(elapsed, int | float) else "")


def _place(where: str) -> str:
    """A JSON Pointer, or the name of a header."""
    return one_line(where if where.startswith("/") else f"header {where}", 400)
