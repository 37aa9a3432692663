"""GitLab, as far as Accord's component needs it: inputs are put into a template, and a job's script goes to one shell."""

import copy
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "templates" / "verify.yml"

_BLOCK = re.compile(r"\$\[\[ inputs\.([\w-]+) \]\]")


def parts() -> tuple[dict[str, Any], dict[str, Any]]:
    """The two documents of the component: its header and its jobs."""
    header, jobs = yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8"))
    return header, jobs


def included(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the jobs of the component when it is included with these inputs. Raises ValueError where GitLab refuses them."""
    header, jobs = parts()
    values: dict[str, str] = {}
    for name, spec in header["spec"]["inputs"].items():
        if name not in given and "default" not in spec:
            raise ValueError(f"{name}: required value has not been provided")
        values[name] = given.get(name, spec.get("default", ""))
        if values[name] not in spec.get("options", [values[name]]):
            raise ValueError(f"{name}: {values[name]} cannot be used because it is not in the list of allowed options")
    if unknown := set(given) - set(values):
        raise ValueError(f"unknown input arguments: {unknown}")
    filled: dict[str, Any] = _filled(copy.deepcopy(jobs), values)
    return filled


def _filled(node: Any, values: Mapping[str, str]) -> Any:
    """Put inputs into a parsed document, value by value: GitLab has parsed it, too, before it does so."""
    if isinstance(node, dict):
        return {_filled(name, values): _filled(value, values) for name, value in node.items()}
    if isinstance(node, list):
        return [_filled(item, values) for item in node]
    return _BLOCK.sub(lambda found: values[found[1]], node) if isinstance(node, str) else node


@dataclass(frozen=True)
class Ran:
    """A job that ended."""

    code: int
    log: str


def run(job: Mapping[str, Any], directory: Path, environment: Mapping[str, str], project: Mapping[str, str]) -> Ran:
    """Run a job's script as the runner of the shell and Docker executors does. Variables of the project take precedence."""
    lines = [*job.get("before_script", []), *job["script"]]
    variables = {name: str(value) for name, value in job.get("variables", {}).items()}
    done = subprocess.run(
        ["bash"],
        input="\n".join(["set -eo pipefail", "set +o noclobber", *lines]) + "\n",
        cwd=directory,
        env={**environment, "CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": str(directory), **variables, **project},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout)
