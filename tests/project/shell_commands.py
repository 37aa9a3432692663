"""The commands in shell blocks of the documents, and what the tests do with each: run it, parse it, or say why not."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.cli.command import KEYS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md"), ROOT / "tests/stacks/README.md"]
)

_BLOCK = re.compile(r"(<!-- run: begin -->\n)?```(?:sh|bash|console|shell)\n(.*?)```", re.DOTALL)
_COMMENT = re.compile(r"\s+#\s.*$|^#.*$", re.MULTILINE)


class Command(NamedTuple):
    """One command, without its comment. `script` is true if test_documents.py runs the whole block as it stands."""

    text: str
    script: bool


def commands_of(document: Path) -> Iterator[Command]:
    """Yield the commands of a document, in order."""
    for marked, block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        for line in _COMMENT.sub("", block.replace("\\\n", " ")).splitlines():
            if line.strip():
                yield Command(" ".join(line.split()), bool(marked))


@dataclass(frozen=True, slots=True)
class Run:
    """It is run, in a folder that the commands of its document share.

    `more` is appended, to make it short. `before` prepares the folder. `serves`: it goes on until it is interrupted.
    """

    code: int = 0
    shows: str = ""
    more: str = ""
    before: Callable[[Path], object] = lambda folder: None
    serves: bool = False


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another test runs it: `tests/FILE.py::NAME`."""

    test: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """It takes too long or needs what no test has: only the existence of the command and its options is tested."""

    why: str


@dataclass(frozen=True, slots=True)
class Neither:
    """It cannot be tested here, for this reason."""

    why: str


Fate = Run | Elsewhere | Parsed | Neither

# Every option can also be given by a variable. These make a run short, so that commands can be run as they are shown.
SHORT = {"ACCORD_ONLY": "create.status", "ACCORD_EFFORT": "quick"}
GIVEN = {
    "KEY": KEYS.server,
    "SERVER_KEY": KEYS.server,
    "CLIENT_KEY": KEYS.client,
    "REVOKED_KEY": KEYS.revoked,
    "OTHER_KEY": KEYS.other_server,
    "OTHER": KEYS.other_server,
    "SECOND_ORGANISATIONS_KEY": KEYS.other_server,
    "RESTRICTED_KEY": KEYS.origin_client,
    "SECRET": "whsec-for-my-receiver",
}
"""The keys, by the names of the variables in the documents."""


def _copies_of_the_bundle(folder: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(folder / "accord-certificate", folder / "certificates" / name)
    (folder / "other-run").mkdir()
    shutil.copy(folder / "accord-certificate" / "report.json", folder / "other-run")


def _report_of_the_bundle(folder: Path) -> None:
    shutil.copytree(folder / "accord-certificate", folder / "accord-report")


def _faults(folder: Path) -> None:
    [text] = re.findall(r"```yaml\n(- match: .*?)```", (ROOT / "docs" / "proxy.md").read_text("utf-8"), re.DOTALL)
    (folder / "faults.yaml").write_text(text, encoding="utf-8")


def _product(folder: Path) -> None:
    [text] = re.findall(r"```yaml\n(vendor: .*?)```", (ROOT / "docs" / "certification.md").read_text("utf-8"), re.DOTALL)
    (folder / "product.yaml").write_text(text, encoding="utf-8")


def _faults(folder: Path) -> None:
    [text] = re.findall(r"```yaml\n(- match:.*?)```", (ROOT / "docs" / "proxy.md").read_text("utf-8"), re.DOTALL)
    (folder / "faults.yaml").write_text(text, encoding="utf-8")


_MAKES_IMAGES = Neither("needs a container engine; tests/pipelines/test_images.py follows the Dockerfile")
_INSTALLS = Neither("fetches from a package index; tests/project/test_wheel.py installs the wheel")
_MINUTES = Parsed("takes minutes")

FATES: Mapping[str, Sequence[tuple[str, Fate]]] = {
    "README.md": [
        ("make demo", Parsed("sets up an environment first; what it runs is `accord verify`, which tests/cli runs")),
        ("make test", Parsed("is the run that this test is a part of")),
        ("accord verify https://staging.example.com --server-key", Run(shows="CONFORMANT")),
    ],
    "CONTRIBUTING.md": [
        ("make test", Parsed("is the run that this test is a part of")),
        (".venv/bin/pytest tests/reports", Neither("is a part of the run that this test is a part of")),
        (".venv/bin/ruff format .", Neither("rewrites the checkout; `make lint` runs it with --check")),
        (".venv/bin/python -m tests.harness.kill_matrix", _MINUTES),
    ],
    "docs/benchmarks.md": [
        ("make bench", _MINUTES),
        (".venv/bin/python -m bench growth", _MINUTES),
        (".venv/bin/python -m bench", _MINUTES),
    ],
    "docs/certification.md": [
        ("accord keygen", Run(shows="vendor-key.pub")),
        ("accord certify", Run(shows="CONFORMANT", more="--effort quick", before=_product)),
        # A bundle of this effort is never valid.
        ("accord check-certificate", Run(code=1, shows="effort quick")),
        ("accord reverify", Run(shows="REPRODUCED")),
        ("accord compare", Run(shows="all passed 125 of 141", before=_copies_of_the_bundle)),
        ("accord site", Run(shows="0 of 2 certificates are listed")),
        # The run has no failure that could be challenged.
        ("accord challenge", Run(code=2, shows="create.status", before=_report_of_the_bundle)),
    ],
    "docs/ci.md": [
        ("python3 -m venv .accord", Elsewhere("tests/pipelines/test_pages.py::test_the_lines_for_a_shell")),
        (".accord/bin/python -m pip install", Elsewhere("tests/pipelines/test_pages.py::test_the_lines_for_a_shell")),
        (".accord/bin/accord verify", Elsewhere("tests/pipelines/test_pages.py::test_the_lines_for_a_shell")),
        ("docker build --target verify", _MAKES_IMAGES),
        ("docker run --rm --read-only --tmpfs /tmp --network", _MAKES_IMAGES),
        ("docker build --target mock", _MAKES_IMAGES),
        ("docker run --rm --read-only --tmpfs /tmp --publish", _MAKES_IMAGES),
    ],
    "docs/coding-agents.md": [
        ("accord requirements", Run(shows='"create.subject-too-long"')),
        ("accord verify", Run(shows="CONFORMANT")),
        (
            'accord verify https://staging.example.com --server-key "$SERVER_KEY" --client-key "$CLIENT_KEY" --effort',
            Run(shows='"verdict"'),
        ),
        (
            "bash accord-report",
            Elsewhere("tests/project/test_site.py::test_the_wrong_server_of_the_tutorial_is_found_out_and_shown_again"),
        ),
    ],
    "docs/load.md": [
        ("pip install", _INSTALLS),
        ("accord load https://staging.example.com --server-key", _MINUTES),
        (
            "accord load https://staging.example.com --master",
            Parsed("needs several machines; tests/load/test_load_distributed.py has them in one"),
        ),
        ("accord load --worker", Parsed("needs several machines; tests/load/test_load_distributed.py has them in one")),
    ],
    "docs/mock.md": [
        ("accord mock", Run(serves=True, shows="Ctrl-C stops it")),
        ('curl -H "X-API-Key: $KEY" -H "X-Accord-Namespace', Run(shows='"count"')),
        ('curl -H "X-API-Key: $KEY" http://127.0.0.1:4010/__accord__/in', Run(shows='"count"')),
        ("curl -X POST http://127.0.0.1:4010/__accord__/faults", Run(shows='"createConversation"')),
        # The fault cuts the response in the middle, which curl reports with this code.
        ('curl -H "X-API-Key: $KEY" -H "X-Accord-Fault', Run(code=18)),
        ("curl -X DELETE http://127.0.0.1:4010/__accord__/faults", Run()),
        ("accord mock --webhook", Run(serves=True)),
        ("accord trigger", Run(shows="1 delivery")),
        # No client comes, so the coverage is below 40 percent, which is exit code 1.
        ("accord mock --coverage", Run(serves=True, code=1)),
        ("accord mock --store sqlite", Run(serves=True)),
        ("accord mock --store postgresql", Neither("needs this very database; tests/store have one of their own")),
        ("accord mock --choice", Run(serves=True)),
        ("docker compose", Neither("needs a container engine; tests/pipelines/test_compose.py checks what the file names")),
    ],
    "docs/proxy.md": [
        ("accord proxy", Run(serves=True)),
        ("accord proxy --upstream https://staging.example.com --fault", Run(serves=True, before=_faults)),
    ],
    "docs/pytest.md": [
        ("pip install", _INSTALLS),
        ("pytest -p", Elsewhere("tests/pipelines/test_pages.py::test_the_fixture_and_a_known_failure")),
    ],
    "docs/tutorial.md": [
        (
            "bash accord-report",
            Elsewhere("tests/project/test_site.py::test_the_wrong_server_of_the_tutorial_is_found_out_and_shown_again"),
        ),
    ],
    "docs/verify.md": [
        ("accord verify https://staging.example.com", Run(shows="CONFORMANT")),
        ("accord verify https://helpdesk.example", Run(shows="CONFORMANT")),
        ("accord diff", Run(shows="alike")),
    ],
    "docs/webhooks.md": [
        ("accord mock --webhook", Run(serves=True)),
        ("accord trigger", Run(shows="1 delivery")),
    ],
    "examples/django_helpdesk/README.md": [
        ("python examples/django_helpdesk/serve.py", Elsewhere("tests/cli/test_verify_django_example.py::test_it_is_conformant")),
        ("accord verify", Elsewhere("tests/cli/test_verify_django_example.py::test_it_is_conformant")),
    ],
    "examples/inbox/README.md": [
        ("accord mock &", Run(serves=True)),
        ("cd examples/inbox", Neither("is where the next one is run")),
        ("SUPPORT_URL=", Elsewhere("tests/mock/test_inbox_in_browser.py::test_list_thread_reply_and_resolve")),
        ("curl http://127.0.0.1:4010/__accord__/faults", Run(shows='"createMessage"')),
    ],
    "examples/node/README.md": [("accord mock", Run(serves=True))],
    "examples/small_helpdesks/README.md": [
        ("pip install", _INSTALLS),
        ("cd examples/small_helpdesks", Neither("is where the next one is run")),
        ("pytest -k", Elsewhere("tests/pipelines/test_pytest_plugin.py::test_the_examples")),
        ("pytest", Elsewhere("tests/pipelines/test_pytest_plugin.py::test_the_examples")),
    ],
    "tests/stacks/README.md": [
        ("cd tests/stacks/node", Elsewhere("tests/stacks/test_stacks.py::test_it_is_conformant")),
        ("SERVER_KEY=", Elsewhere("tests/stacks/test_stacks.py::test_it_is_conformant")),
    ],
}
"""By document, what the tests do with commands that begin so. Commands in a block that is marked to be run need no entry."""


def fate_of(document: str, command: Command) -> Fate:
    """Return what the tests do with a command, by the longest beginning that matches. Raises LookupError if none does."""
    found = [(start, fate) for start, fate in FATES.get(document, ()) if command.text.startswith(start)]
    if not found:
        raise LookupError(f"{document} has a command that is neither run nor named in {Path(__file__).name}: {command.text}")
    return max(found, key=lambda one: len(one[0]))[1]
