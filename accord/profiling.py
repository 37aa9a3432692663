"""`accord profile`: the choices that the suite observes, as a file that the mock takes."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from accord.errors import AccordError
from contract_tests.catalogue import load_catalogue
from contract_tests.citations import SUITE
from contract_tests.results import Observation
from contract_tests.runner import verify
from contract_tests.settings import Settings

_OBSERVING = SUITE / "test_choices.py"


def profile(url: str, keys: Mapping[str, Any]) -> str:
    """Observe a server and return the YAML text. Raises AccordError for a mistake, or where nothing could be observed."""
    if not keys.get("server_key"):
        raise AccordError("A server cannot be observed without a server key.", "Give --server-key, or set ACCORD_SERVER_KEY.")
    run = verify(Settings(base_url=url, **keys, effort="quick", tests=tuple(_tests())))
    if not run.choices:
        raise AccordError(f"Nothing could be observed at {url}: {'; '.join(run.problems)}", "Try `accord verify`, which says more.")
    return "\n".join([f"# The choices of {run.base_url}, observed {run.started_at}.", *_lines(run.choices)]) + "\n"


def _tests() -> Iterator[str]:
    tree = ast.parse(_OBSERVING.read_bytes())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{_OBSERVING.name}::{node.name}"


def _lines(choices: Mapping[str, Observation]) -> Iterator[str]:
    for choice in load_catalogue().choices.values():
        seen = choices.get(choice.name)
        if seen is not None and seen.observed is not None:
            option = f'"{seen.observed}"' if seen.observed.isdigit() else seen.observed
            yield f"{choice.name}: {option}"
        else:
            yield f"# {choice.name} was not observed: {seen.evidence if seen is not None else choice.observed}"
