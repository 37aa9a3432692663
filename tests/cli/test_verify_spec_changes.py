"""`--spec`: both sides follow an edited contract document, and the suite sees the difference, with no code touched.

For each edit: the mock that follows it passes the suite that follows it, and the plain mock fails that suite, by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from accord.base.assets import OPENAPI
from mockserver.app import create_app
from tests.cli.forking import accord
from tests.harness.trials import Trial, try_apart, try_here
from tests.sampling import chosen

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the document, the requirements to test, and those of which the unchanged mock violates at least one."""

    change: Callable[[Document], object]
    only: tuple[str, ...]
    violated: frozenset[str]


def limit(document: Document) -> dict[str, Any]:
    schema: dict[str, Any] = document["components"]["parameters"]["Limit"]["schema"]
    return schema


def create_schema(document: Document) -> dict[str, Any]:
    schema: dict[str, Any] = document["components"]["schemas"]["ConversationCreate"]
    return schema


def maximum_page(document: Document) -> None:
    limit(document).update(maximum=7, default=7)


def default_page(document: Document) -> None:
    limit(document)["default"] = 3


def short_subjects(document: Document) -> None:
    create_schema(document)["properties"]["subject"]["maxLength"] = 40


def another_channel(document: Document) -> None:
    document["components"]["schemas"]["Channel"]["enum"].append("carrier pigeon")


def servers_create(document: Document) -> None:
    create = document["paths"]["/api/v1/conversations/create/"]["post"]
    create["security"] = [{"apiKey": ["server"]}, {"bearerKey": ["server"]}]


def required_email(document: Document) -> None:
    create_schema(document)["required"].append("user_email")


EDITS = {
    "maximum page 7": Edit(maximum_page, ("list.*",), frozenset({"list.maximum"})),
    "default page 3": Edit(default_page, ("list.*",), frozenset({"list.default-page"})),
    "subject 40": Edit(short_subjects, ("create.*",), frozenset({"create.subject-too-long"})),
    "another channel": Edit(another_channel, ("create.*",), frozenset({"create.channel-kept", "create.status"})),
    "servers create": Edit(servers_create, ("tier.*", "auth.*", "create.sta*"), frozenset({"tier.refused"})),
    "user_email required": Edit(required_email, ("create.*",), frozenset({"create.required-members"})),
}


EACH = pytest.mark.parametrize("edit", chosen([*EDITS.values()], {2}), ids=EDITS.keys())


def written(path: Path, *changes: Callable[[Document], object]) -> Path:
    """A copy of the contract document with these changes."""
    document = yaml.load(OPENAPI.read_bytes(), Loader=yaml.CSafeLoader)
    for change in changes:
        change(document)
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def judged(mock_spec: Path, suite_spec: Path, only: tuple[str, ...]) -> Trial:
    """Judge a mock that follows one document by the suite that follows another."""
    return try_apart(partial(_judge, str(mock_spec), str(suite_spec), only))


def _judge(mock_spec: str, suite_spec: str, only: tuple[str, ...]) -> Trial:
    return try_here(create_app(scenario="empty", spec=mock_spec), spec=suite_spec, only=only)


@EACH
def test_an_edit_that_both_sides_follow(tmp_path: Path, edit: Edit) -> None:
    document = written(tmp_path / "edited.yaml", edit.change)
    trial = judged(document, document, edit.only)
    assert trial.verdict == "conformant", trial


@EACH
def test_an_edit_that_the_server_does_not_follow(tmp_path: Path, edit: Edit) -> None:
    trial = judged(OPENAPI, written(tmp_path / "edited.yaml", edit.change), edit.only)
    assert trial.verdict == "nonconformant", trial
    assert edit.violated & {*trial.failed, *trial.warned}, trial


@pytest.mark.extended
def test_all_of_them_at_once_with_the_command(tmp_path: Path) -> None:
    """With the embedded mock, which follows what the suite follows."""
    document = written(tmp_path / "edited.yaml", *(edit.change for edit in EDITS.values()), default_page)
    ended = accord(tmp_path, "verify", "--effort", "quick", "--spec", document)
    assert ended.code == 0, ended.said
    assert not ended.with_outcome("warned")
