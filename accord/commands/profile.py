"""`accord profile URL`: observe a server's choices, and write them for `accord mock --profile` to imitate."""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from accord.addresses import check_target
from accord.base.errors import AccordError, Fault, StoppedEarly
from accord.configuration import KEY_NAMES, FilePath, access_given, access_options, key_options, option, quiet_option, url_argument
from accord.judged_run import judged
from accord.terminal.output import document_to, line_of, say
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.citations import SUITE
from contract_tests.outcome.run import Observation
from contract_tests.transport.stopping import Deadline, ended_by_signals

_KEYS = ("server_key", "client_key", "origin_client_key", "origin")
SCHEMA = "accord/profile/1"

_LONGEST_NOTE = 300
"""Characters of a comment."""

_OBSERVING = SUITE / "test_choices.py"


@click.command()
@url_argument(required=True)
@key_options(*(name.replace("_", "-") for name in _KEYS))
@access_options
@option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    help="Observe this many times, and write only what all rounds agree on.",
)
@click.option(
    "--format", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="Either is what the mock takes."
)
@click.option("--output", type=FilePath(path_type=Path), metavar="FILE", help="Write there and not to stdout.")
@quiet_option("Say nothing but what is observed.")
def command(url: str, format: str, output: Path | None, quiet: bool, **options: Any) -> int:
    """Observe which option of each open point a server takes, and write them with what showed each.

    Exit codes: 0 observed, 2 usage, configuration or unreachable, 3 stopped before all was observed, 70 a fault of
    Accord itself.
    """
    text = profile(url, options, quiet=quiet, as_json=format == "json")
    if document_to(output, text, "profile") and not quiet:
        say(f"Imitate it: accord mock --profile {output}")
    return 0


def profile(url: str, options: Mapping[str, Any], *, quiet: bool = False, as_json: bool = False) -> str:
    """Observe a server and return the text. Raises AccordError for a mistake, or where nothing could be observed."""
    from contract_tests.run.settings import Settings

    check_target(url, options, "A server cannot be observed")
    deadline = Deadline()
    keys = {name: options[name] for name in KEY_NAMES if name in options}
    settings = Settings(base_url=url, **keys, **access_given(options), effort="quick", tests=observing_tests())
    with ended_by_signals(deadline):
        runs = []
        for number in range(options.get("rounds") or 1):
            runs.append(judged(settings, None if number else options.get("wait"), quiet=quiet, deadline=deadline))
            if deadline.reason:
                break
    run = runs[-1]
    if deadline.reason:
        # An incomplete profile in place of a complete one would be imitated as if it were complete.
        raise StoppedEarly(deadline.reason, "Nothing was written. Run it again.")
    if not all(one.choices for one in runs):
        raise AccordError(f"Nothing could be observed at {url}: {'; '.join(run.problems)}", "Try `accord verify`, which says more.")
    observed = agreed([one.choices for one in runs])
    if as_json:
        return rendered_json(observed, run.base_url, run.started_at)
    return as_yaml(observed, f"The choices of {run.base_url}, observed {run.started_at}.")


def agreed(rounds: Sequence[Mapping[str, Observation]]) -> dict[str, Observation]:
    """What several rounds of observation agree in; the evidence says how many saw it."""
    found = {}
    for name in load_catalogue().choices:
        seen = [one for choices in rounds if (one := choices.get(name)) is not None]
        options = sorted({one.observed for one in seen if one.observed})
        if len(options) == 1:
            times = sum(one.observed == options[0] for one in seen)
            evidence = next(one.evidence for one in seen if one.observed == options[0])
            found[name] = Observation(options[0], f"{times} of {len(rounds)}: {evidence}")
        elif options:
            found[name] = Observation(None, f"seen now as {' and now as '.join(options)}")
        elif seen:
            found[name] = seen[-1]
    return found


def observing_tests() -> tuple[str, ...]:
    """Return the tests of the suite that observe choices."""
    functions = [node for node in ast.parse(_OBSERVING.read_bytes()).body if isinstance(node, ast.FunctionDef)]
    return tuple(f"{_OBSERVING.name}::{node.name}" for node in functions if node.name.startswith("test_"))


def as_yaml(choices: Mapping[str, Observation], title: str) -> str:
    """The options that were observed, as YAML, each with what showed it, and a comment for each choice of which none was.

    What is said in comments may come from the server. Raises Fault where the text does not mean what was observed.
    """
    observed = {name: seen.observed for name in load_catalogue().choices if (seen := choices.get(name)) and seen.observed}
    text = "\n".join([_comment(title), *_lines(choices, observed)]) + "\n"
    if (yaml.safe_load(text) or {}) != observed:
        raise Fault("The profile does not read as what was observed.", details=text)
    return text


def _lines(choices: Mapping[str, Observation], observed: Mapping[str, str]) -> Iterator[str]:
    for choice in load_catalogue().choices.values():
        if choice.name in observed:
            yield _comment(choices[choice.name].evidence)
            yield yaml.safe_dump({choice.name: observed[choice.name]}, allow_unicode=False, width=10_000).rstrip("\n")
        else:
            seen = choices.get(choice.name)
            yield _comment(f"{choice.name} was not observed: {seen.evidence if seen is not None else choice.observed}")


def rendered_json(choices: Mapping[str, Observation], server: str, observed_at: str) -> str:
    """The same as JSON: `{"schema", "server", "observed_at", "choices": {NAME: {"observed", "evidence"}}}`."""
    told = {name: {"observed": seen.observed, "evidence": _note(seen.evidence)} for name, seen in choices.items()}
    whole = {"schema": SCHEMA, "server": line_of(server), "observed_at": observed_at, "choices": told}
    return json.dumps(whole, indent=2) + "\n"


def _comment(text: str) -> str:
    return f"# {_note(text)}"


def _note(text: str) -> str:
    line = line_of(text)
    return line if len(line) <= _LONGEST_NOTE else line[:_LONGEST_NOTE]
