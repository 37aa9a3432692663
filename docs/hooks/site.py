"""What MkDocs adds to the pages of docs/: a reference made from the sources, and links that also work outside a checkout."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from accord.cli import accord

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "contract_tests" / "reports" / "report.schema.json"
CONTROL = ROOT / "mockserver" / "control" / "openapi.yaml"

_OUTSIDE = re.compile(r"\[([^\]]*)\]\((?:\.\./)+([\w./-]+)(?:#[\w-]+)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the sources."""
    for name, text in reference().items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Show the path of what is in the repository and not among the pages."""
    if page.file.generated_by:
        return markdown
    return _OUTSIDE.sub(lambda link: f"{link[1]} (`{link[2]}`)" if link[1].strip("`") != link[2] else f"`{link[2]}`", markdown)


def reference() -> dict[str, str]:
    """The texts of the pages by name."""
    return {
        "commands": "\n".join(_commands()),
        "report": "\n".join(_report(json.loads(REPORT.read_text("utf-8")))),
        "control-api": "\n".join(_control(yaml.safe_load(CONTROL.read_text("utf-8")))),
    }


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield "An option has an environment variable of the same name (`ACCORD_SERVER_KEY`) and a name in `accord.toml` (`server_key`)."
    assert isinstance(accord, click.Group)
    context = click.Context(accord, info_name="accord")
    for name in accord.list_commands(context):
        command = accord.get_command(context, name)
        assert command is not None
        yield f"\n## accord {name}\n"
        yield "\n\n".join(inspect.cleandoc(command.help or "").split("\n\n"))
        usage = command.get_usage(click.Context(command, info_name=name, parent=context))
        yield f"\n```text\n{usage.removeprefix('Usage: ')}\n```\n"
        options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
        if options:
            yield "| option | default | |"
            yield "|---|---|---|"
        for option in options:
            value = "" if option.is_flag or not option.metavar else f" {option.metavar}"
            names = ", ".join(f"`{one}{value}`" for one in [*option.opts, *option.secondary_opts])
            default = option.default if option.show_default and not option.is_flag else ""
            yield f"| {names} | {f'`{default}`' if default != '' else ''} | {_cell(option.help or _values(option))} |"


def _values(option: click.Option) -> str:
    return f"One of {', '.join(option.type.choices)}." if isinstance(option.type, click.Choice) else ""


def _report(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "# The report"
    yield ""
    yield "`report.json`, as its schema in the repository has it (`contract_tests/reports/report.schema.json`)."
    yield from _members("The whole", schema)
    for name, part in schema.get("$defs", {}).items():
        yield from _members(name, part)


def _members(title: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if not schema.get("properties"):
        return
    yield f"\n## {title}\n"
    if schema.get("description"):
        yield f"{schema['description']}\n"
    yield "| member | type | |"
    yield "|---|---|---|"
    for name, part in schema["properties"].items():
        optional = "" if name in schema.get("required", ()) else "*May be absent.* "
        yield f"| `{name}` | {_cell(_type(part))} | {_cell(optional + part.get('description', ''))} |"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    for either in ("oneOf", "anyOf"):
        if either in schema:
            return " or ".join(map(_type, schema[either]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"array of {_type(schema['items'])}" if isinstance(schema.get("items"), dict) else "array"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _control(document: Mapping[str, Any]) -> Iterator[str]:
    yield "# The control API"
    yield ""
    yield document["info"]["description"]
    yield "The mock serves this description itself, at `/__accord__/openapi.yaml`. Who may use it is [told apart](../mock.md).\n"
    for tag in document["tags"]:
        yield f"\n## {tag['name'].capitalize()}\n\n{tag['description']}\n"
        yield "| request | does |"
        yield "|---|---|"
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if method != "parameters" and operation["tags"] == [tag["name"]]:
                    yield f"| `{method.upper()} {path}` | {_cell(operation['summary'])} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
