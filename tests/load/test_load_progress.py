"""What a load tells while it lasts, where there is no terminal."""

import json
import re
from pathlib import Path

import pytest

from accord import cli
from accord.terminal import progress


@pytest.mark.extended
def test_lines_say_how_far_a_load_is_and_stdout_has_json_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.2)
    monkeypatch.chdir(tmp_path)
    code = cli.run(["load", "--users", "2", "--duration", "4", "--format", "json"])
    out, err = capsys.readouterr()
    assert json.loads(out)["exit_code"] == code
    assert re.search(r"^\d+ s  starting$", err, re.MULTILINE)
    assert re.search(r"^\d+ s  \d+/4 s of load  2 users  [\d,]+ requests  [\d,]+ a second$", err, re.MULTILINE)
    assert "\r" not in err
