"""deploy/compose.yaml: its schema, and whether all that it names is there. There is no container engine here, which would run it.

tests/store/test_many_processes.py runs its parts: mocks on one database, nginx by its configuration, and the inbox over them.
"""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
import requests
import yaml

from accord.cli import LazyGroup, accord
from tests.cli.command import KEYS
from tests.pipelines.schemas import violations

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = DEPLOY / "compose.yaml"


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


def test_it_conforms_to_the_compose_specification() -> None:
    assert violations("compose-spec", COMPOSE) == ""


def test_what_is_built_and_mounted_is_there(services: dict[str, Any]) -> None:
    volumes = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["volumes"]
    for name, service in services.items():
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file(), name
        else:
            assert re.fullmatch(r"[a-z]+:\d+(\.\d+)*-[a-z]+", service["image"]), name
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in volumes, mount


def test_services_name_each_other_and_wait_for_what_tells_its_health(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, name
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in services[other], other
    assert services["inbox"]["environment"]["SUPPORT_URL"] == "http://nginx:8080"
    assert "listen 8080;" in (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


def test_ports_are_of_this_machine_and_no_two_the_same(services: dict[str, Any]) -> None:
    ports = [port.split(":") for service in services.values() for port in service.get("ports", [])]
    assert all(host == "127.0.0.1" for host, _, _ in ports)
    assert len({outside for _, outside, _ in ports}) == len(ports) == 2


def test_the_mocks_command_and_environment_are_known(services: dict[str, Any]) -> None:
    program, name, *options = services["mock1"]["command"]
    assert (program, name) == ("accord", "mock")
    assert isinstance(accord, LazyGroup)
    found = accord.get_command(click.Context(accord), name)
    assert found is not None
    context = found.make_context(name, options)
    database = services["postgres"]["environment"]
    user, password, path = (database[f"POSTGRES_{part}"] for part in ("USER", "PASSWORD", "DB"))
    assert context.params["store"] == f"postgresql://{user}:{password}@postgres/{path}"
    known = {f"ACCORD_{parameter.name}".upper() for parameter in found.params}
    assert set(services["mock1"]["environment"]) <= known
    # Names of the mocks as browsers on this machine reach them, through nginx.
    outside = services["nginx"]["ports"][0].split(":")[1]
    assert context.params["control_host"] == (f"127.0.0.1:{outside}", f"localhost:{outside}")


def test_the_mocks_health_is_told_by_its_check(services: dict[str, Any], mock: str) -> None:
    _, python, *arguments = services["mock1"]["healthcheck"]["test"]
    assert python == "python"
    port = mock.rpartition(":")[2]
    for url, code in ((f"127.0.0.1:{port}", 0), ("127.0.0.1:9", 1)):
        moved = [argument.replace("127.0.0.1:4010", url) for argument in arguments]
        assert subprocess.run([sys.executable, *moved], capture_output=True, timeout=30, check=False).returncode == code


def test_nginx_has_what_its_check_asks_for(services: dict[str, Any], mock: str) -> None:
    url = services["nginx"]["healthcheck"]["test"][-1]
    assert requests.get(url.replace("http://127.0.0.1:8080", mock), timeout=10).status_code == 200


def test_the_inbox_starts_by_its_command(services: dict[str, Any], mock: str) -> None:
    service = services["inbox"]
    program, script, *options = service["command"]
    [mount] = service["volumes"]
    source, target, _ = mount.split(":")
    assert program == "python"
    default = re.fullmatch(r"\$\{SUPPORT_KEY:-(.*)\}", service["environment"]["SUPPORT_KEY"])
    assert default
    assert default[1] == KEYS.server
    moved = [option.replace("0.0.0.0", "127.0.0.1") if "host" in option else "--port=0" for option in options]
    command = [sys.executable, script.replace(target, str(DEPLOY / source)), *moved]
    environment = {"SUPPORT_URL": mock, "SUPPORT_KEY": default[1]}
    assert set(environment) == set(service["environment"])
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        until = time.monotonic() + 10
        found = requests.get(f"{url}api/conversations", timeout=10)
        assert time.monotonic() < until
        assert found.status_code == 200
        assert found.json()["count"] >= 0
        process.terminate()
