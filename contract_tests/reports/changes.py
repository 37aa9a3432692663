"""What a version of the catalogue brought: for terminals, programs, and the changelog, all from spec/versions.yaml."""

import json
from collections.abc import Collection, Iterator, Mapping

from contract_tests.contract.catalogue import Catalogue, Level
from contract_tests.contract.versions import Changes, changes, load_versions

_HEADINGS = (("added", "Added"), ("changed", "Changed"), ("checks", "Checked in further ways"))


def write_changes(catalogue: Catalogue, older: int, newer: int, format: str, only: Collection[str]) -> Iterator[str]:
    """Yield the lines that tell what is new from one version to another, of the requirements in `only`.

    `format` is text, json or markdown.
    """
    found = _of(changes(catalogue, older, newer), only)
    if format == "json":
        yield json.dumps({"from": older, "to": newer, **found}, ensure_ascii=False, indent=2)
        return
    mark = "- " if format == "markdown" else "  "
    for version in load_versions():
        if older < version.number <= newer:
            yield f"Version {version.number} of the catalogue ({version.date}): {version.text}"
    if not any(found.values()):
        yield "Nothing changed."
    for kind, heading in _HEADINGS:
        if found[kind]:
            yield from ("", f"### {heading}" if format == "markdown" else heading, "")
            yield from (f"{mark}{_line(catalogue, name, sentences, format)}" for name, sentences in found[kind].items())


def _of(new: Changes, only: Collection[str]) -> dict[str, Mapping[str, tuple[str, ...]]]:
    added: dict[str, tuple[str, ...]] = dict.fromkeys(new.added, ())
    kinds = {"added": added, "changed": new.changed, "checks": new.checks}
    return {kind: {name: texts for name, texts in one.items() if name in only} for kind, one in kinds.items()}


def _line(catalogue: Catalogue, name: str, sentences: tuple[str, ...], format: str) -> str:
    requirement = catalogue[name]
    shown = f"`{name}`" if format == "markdown" else name
    level = " (a warning)" if requirement.level is Level.SHOULD else ""
    return f"{shown}{level}: {' '.join(sentences) or requirement.text}"
