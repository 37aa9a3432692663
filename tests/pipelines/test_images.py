"""The Dockerfile: linted, and its instructions followed in a clean folder, since there is no container engine here.

Two things need a container engine and are not tested: that the base image has what is needed, and that the user may read the files.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.cli.command import KEYS

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"


@dataclass
class Stage:
    """A stage of the Dockerfile with its instructions, including those of the stages that it is made from."""

    base: str
    environment: dict[str, str] = field(default_factory=dict)
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def last(self, name: str) -> str:
        """What the last instruction of a kind says."""
        return [text for kind, text in self.instructions if kind == name][-1]


def stages() -> dict[str, Stage]:
    """The stages of the Dockerfile by name, each with the instructions of those that it is made from."""
    found: dict[str, Stage] = {}
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    stage = Stage("")
    for line in filter(None, text.splitlines()):
        kind, _, rest = line.partition(" ")
        if kind == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = found[name] = Stage(base, instructions=[*found[base].instructions] if base in found else [])
        else:
            stage.instructions.append((kind, rest.strip()))
    return found


def is_copied(path: Path) -> bool:
    """Tell whether .dockerignore lets a file into the build. The last pattern that matches it, or one of its folders, decides."""
    copied = True
    relative = path.relative_to(ROOT)
    names = [str(relative), *(str(parent) for parent in relative.parents)][:-1]
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        fits = (
            pattern.removeprefix("**/") in relative.parts
            if pattern.startswith("**/")
            else any(fnmatchcase(name, pattern) and ("/" not in name or "/" in pattern) for name in names)
        )
        if fits:
            copied = line.startswith("!")
    return copied


@dataclass(frozen=True)
class Machine:
    """A folder that stands for the file system of containers."""

    root: Path
    surroundings: dict[str, str]

    def inside(self, text: str) -> str:
        """Move the absolute paths in a text into the folder."""
        return re.sub(r"(?<![\w.:/-])/(opt|src|work|reports)\b", rf"{self.root}/\1", text)

    def build(self, stage: Stage) -> dict[str, str]:
        """Follow the instructions, and return the environment that the entry point has."""
        directory, environment = self.root, dict(self.surroundings)
        for kind, text in stage.instructions:
            if kind == "WORKDIR":
                directory = Path(self.inside(text))
                directory.mkdir(parents=True, exist_ok=True)
            elif kind == "COPY" and text == ". .":
                self._copy(directory)
            elif kind == "COPY":
                assert re.fullmatch(r"--from=built (/\S+) \1", text)
                assert Path(self.inside(text.split()[-1])).is_dir()
            elif kind == "ENV":
                for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', text):
                    environment[name] = self.inside(value.strip('"')).replace("$PATH", environment["PATH"])
            elif kind == "RUN":
                done = subprocess.run(
                    ["sh", "-c", self.inside(text)], cwd=directory, env=environment, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, done.stdout + done.stderr
        return environment

    def _copy(self, directory: Path) -> None:
        tracked = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for name in tracked.splitlines():
            if is_copied(ROOT / name) and (ROOT / name).is_file():
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, directory / name)

    def files(self) -> set[tuple[str, int]]:
        """Return each file outside of the volume, with the time of its last change."""
        paths = [path for path in self.root.rglob("*") if self.root / "reports" not in (path, *path.parents)]
        return {(str(path), path.lstat().st_mtime_ns) for path in paths}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that `machine` builds the common stages of both images in, once for all tests."""
    return tmp_path_factory.mktemp("container")


@pytest.fixture
def machine(clean: Path, surroundings: dict[str, str]) -> Machine:
    machine = Machine(clean, surroundings)
    if not (clean / "opt").exists():
        machine.build(stages()["built"])
        # The final images do not have the sources.
        shutil.rmtree(clean / "src")
    return machine


def test_hadolint_finds_nothing() -> None:
    command = [Path(sys.executable).with_name("hadolint"), "--failure-threshold", "style", DOCKERFILE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_it_is_made_from_is_pinned_and_nobody_is_root() -> None:
    for name, stage in stages().items():
        if stage.base not in stages():
            # The tag pins a release of Python and of Debian; it has images for amd64 and arm64.
            assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", stage.base)
        if name in ("mock", "verify"):
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", stage.last("USER"))
            assert stage.instructions[-1][0] == "ENTRYPOINT"


def test_what_goes_into_the_build() -> None:
    for name in (
        ".env",
        "keys.json",
        "accord-report/report.json",
        "tests/cli/command.py",
        ".git/config",
        "accord/__pycache__/a.pyc",
    ):
        assert not is_copied(ROOT / name), name
    for name in ("pyproject.toml", "accord/cli.py", "spec/openapi.yaml", "contract_tests/reports/templates/report.html"):
        assert is_copied(ROOT / name), name


def test_verify(machine: Machine, mock: str) -> None:
    stage = stages()["verify"]
    environment = machine.build(stage)
    before = machine.files()
    done = subprocess.run(
        [*json.loads(stage.last("ENTRYPOINT")), "--effort", "quick", "--only", "get.answer"],
        cwd=machine.root / "work",
        env={**environment, "ACCORD_URL": mock, "ACCORD_SERVER_KEY": KEYS.server, "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (machine.root / "reports" / "report.html").is_file()
    # Nothing but the volume and /tmp was written to, so that the rest may be read-only.
    assert machine.files() == before


@pytest.fixture
def container(machine: Machine, port: int) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The mock, which is starting, and its environment."""
    stage = stages()["mock"]
    environment = machine.build(stage)
    assert environment["ACCORD_HOST"] == "0.0.0.0"
    environment |= {"ACCORD_PORT": str(port), "ACCORD_HOST": "127.0.0.1", "HOME": "/nowhere"}
    with subprocess.Popen(
        json.loads(stage.last("ENTRYPOINT")),
        cwd=machine.root / "work",
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process, environment
        process.kill()


def test_mock(machine: Machine, container: tuple[subprocess.Popen[str], dict[str, str]]) -> None:
    process, environment = container
    before = machine.files()
    check = json.loads(stages()["mock"].last("HEALTHCHECK").partition("CMD ")[2])

    def is_healthy(port: str) -> bool:
        done = subprocess.run(check, env={**environment, "ACCORD_PORT": port}, capture_output=True, timeout=20, check=False)
        return done.returncode == 0

    until = time.monotonic() + 60
    while not is_healthy(environment["ACCORD_PORT"]):
        assert time.monotonic() < until
    assert not is_healthy("9")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert machine.files() == before
