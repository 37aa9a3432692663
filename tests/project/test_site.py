"""The documentation as pages: they are built without a warning, and what the tutorial shows happens."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.command import ACCORD, key_options

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def test_the_pages_are_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    commands = (tmp_path / "reference" / "commands.html").read_text("utf-8")
    assert "--server-key" in commands
    assert "/__accord__/namespaces" in (tmp_path / "reference" / "control-api.html").read_text("utf-8")
    assert "exit_code" in (tmp_path / "reference" / "report.html").read_text("utf-8")
    # Nothing is fetched from elsewhere.
    assert not re.findall(r'(?:src|href)="https?://(?!squidfunk)', commands)


def test_the_wrong_server_of_the_tutorial_is_found_out_and_shown_again(tmp_path: Path) -> None:
    program = re.search(r'```python title="wrong.py"\n(.*?)```', TUTORIAL, re.DOTALL)
    assert program
    ready = "print(listener.getsockname()[1], flush=True); serve("
    wrong = program[1].replace('("127.0.0.1", 4010)', '("127.0.0.1", 0)').replace("serve(create_app", f"{ready}create_app")
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    with subprocess.Popen([sys.executable, "wrong.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        try:
            verified = subprocess.run(
                [ACCORD, "verify", url, *key_options(), "--effort", "quick", "--only", "create.*"],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert verified.returncode == 1, verified.stdout + verified.stderr
            assert "create.priority-kept" in verified.stdout
            script = re.search(r"bash (accord-report/repro/\S+)", TUTORIAL)
            assert script
            keys = dict(zip(("ACCORD_SERVER_KEY", "ACCORD_CLIENT_KEY"), key_options()[1:4:2], strict=True))
            again = subprocess.run(
                ["bash", script[1]],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "ACCORD_URL": url, **keys},
                capture_output=True,
                text=True,
                check=False,
            )
            assert again.returncode == 1, again.stdout + again.stderr
            assert again.stdout.startswith("THERE")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
