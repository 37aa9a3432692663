"""spec/openapi.yaml by generators of clients in Python: what they make is sound, and speaks to the mock.

tests/spec/generated_client.py is the code of a user of such a client. It is type-checked, and run against the mock.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from accord.base import assets
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import serving

USE = Path(__file__).parent / "generated_client.py"
SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client that openapi-python-client makes, and the code that uses it."""
    folder = tmp_path_factory.mktemp("generated")
    options = ("--path", assets.OPENAPI, "--meta", "none", "--output-path", "helpdesk")
    made = run(folder, SCRIPTS / "openapi-python-client", "generate", *options)
    assert made.returncode == 0, made.stdout
    # It leaves out what it does not understand, only warns, and exits with 0.
    assert made.stdout.split("\n")[0] == "Generating helpdesk"
    assert "Warning" not in made.stdout, made.stdout
    assert "skipping" not in made.stdout.lower(), made.stdout
    shutil.copy(USE, folder)
    # This file is the generator's own code, whatever the document says, so it is not checked.
    (folder / "mypy.ini").write_text("[mypy]\nstrict = True\n[mypy-helpdesk.client]\nignore_errors = True\n", encoding="utf-8")
    return folder


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; both outputs are in `stdout`."""
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | {"PATH": path, "NO_COLOR": "1", "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )


def test_it_type_checks_with_what_uses_it(client: Path) -> None:
    checked = run(client, sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "helpdesk", USE.name)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Channel.CALLBACK", '"fax"'),
        ("created.subject", "created.title"),
        ('subject="Please call me"', "user_first_name='Rosa'"),
        ("read.created_at.tzinfo", "read.created_at.upper()"),
    ],
)
def test_what_the_contract_does_not_have_does_not_type_check(client: Path, right: str, wrong: str) -> None:
    text = USE.read_text(encoding="utf-8")
    assert right in text
    (client / "wrong.py").write_text(text.replace(right, wrong), encoding="utf-8")
    checked = run(client, sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "wrong.py")
    assert checked.returncode == 1, checked.stdout
    assert "wrong.py" in checked.stdout


def test_all_operations_work_against_the_mock(client: Path) -> None:
    with serving(create_app()) as url:
        used = run(client, sys.executable, USE.name, url, StandardKeys.of(DEFAULT_SEED).server)
    assert used.returncode == 0, used.stdout
    assert (
        used.stdout.splitlines()[-1]
        == "createConversation getConversation listConversations createMessage listMessages resolveConversation"
    )
