"""A runner of GitHub's, as far as Accord's action and the jobs of its pages need one.

`run` steps go to bash as the runner calls it, each in a process of its own, with the variables and files that the documentation
names; `uses` steps are skipped, and named, but for the action of this checkout, whose steps are run in turn.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))

_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")


@dataclass
class Ran:
    """The result of some steps. `skipped` has the actions that were named but not run."""

    code: int = 0
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


@dataclass
class Runner:
    """A machine with a workspace. `environment` is that of the job; `secrets` are those of the repository."""

    workspace: Path
    temporary: Path
    environment: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    provided: Mapping[str, str] = field(default_factory=dict)
    """The outputs of actions that are skipped, such as `python.python-path`, by the ids of their steps."""

    def job(self, steps: list[Mapping[str, Any]]) -> Ran:
        """Run the steps of a job until one fails."""
        ran = Ran()
        for step in steps:
            if "run" in step:
                self._shell(step, ran, {}, {})
            elif step["uses"].split("@")[0].endswith("/accord"):
                given = {name: self._value(str(value), {}, {}) for name, value in step.get("with", {}).items()}
                inner = self.action(given)
                ran.code, ran.outputs = inner.code, inner.outputs
                ran.log, ran.summary, ran.skipped = ran.log + inner.log, inner.summary, ran.skipped + inner.skipped
            else:
                ran.skipped.append(step["uses"])
            if ran.code:
                break
        return ran

    def action(self, given: Mapping[str, str], *, only: str | None = None) -> Ran:
        """Run the action of this checkout with inputs, or one of its steps alone, by its name."""
        unknown = set(given) - set(ACTION["inputs"])
        assert not unknown, unknown
        inputs = {name: given.get(name, str(spec.get("default", ""))) for name, spec in ACTION["inputs"].items()}
        ran, outputs = Ran(), dict(self.provided)
        for step in ACTION["runs"]["steps"]:
            if only not in (None, step["name"]):
                continue
            if "uses" in step:
                ran.skipped.append(step["uses"])
            elif not ran.code:
                self._shell(step, ran, inputs, outputs)
        ran.outputs = {name: self._value(spec["value"], inputs, outputs) for name, spec in ACTION["outputs"].items()}
        return ran

    def _shell(self, step: Mapping[str, Any], ran: Ran, inputs: Mapping[str, str], outputs: dict[str, str]) -> None:
        files = {name: self.temporary / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("", encoding="utf-8")
        script = self.temporary / "step.sh"
        # No expression may be in a script, since other people may choose its value.
        assert not _EXPRESSION.search(step["run"]), step
        script.write_text(step["run"], encoding="utf-8")
        variables = {name: self._value(str(value), inputs, outputs) for name, value in step.get("env", {}).items()}
        environment = {
            **self.environment,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temporary),
            **{name: str(path) for name, path in files.items()},
            **variables,
        }
        log = self.temporary / "log"
        # A file and no pipe, since processes that a step leaves running keep their output open.
        with log.open("w") as said:
            done = subprocess.run(
                # Without `shell: bash`, a runner leaves out -o pipefail.
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", script] if "shell" in step else ["bash", "-e", script],
                cwd=self.workspace,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
        ran.code = done.returncode
        ran.log += log.read_text(encoding="utf-8")
        ran.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            outputs[f"{step['id']}.{name}"] = value

    def _value(self, text: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
        def looked_up(expression: str) -> Iterator[str]:
            for name in expression.split(" || "):
                context, _, rest = name.partition(".")
                contexts = {"inputs": inputs, "env": self.environment, "secrets": self.secrets, "steps": outputs}
                yield contexts[context].get(rest.replace(".outputs.", ".", 1), "")

        return _EXPRESSION.sub(lambda found: next(filter(None, looked_up(found[1])), ""), text)
