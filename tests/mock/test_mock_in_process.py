"""Code that uses `requests` talks to the mock without a socket."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from mockserver.app import create_app
from mockserver.testing import MockAdapter, mocked_api, support_api  # noqa: F401

HOW_TO = Path(__file__).parents[2] / "docs" / "testing-in-process.md"


def test_calls_are_answered_under_the_url(support_api):  # noqa: F811
    headers = {"X-API-Key": support_api.keys.server}
    made = requests.post(
        f"{support_api.url}/api/v1/conversations/create/",
        json={"subject": "Kühler?", "user_email": "a@example.com"},
        headers=headers,
    )
    assert (made.status_code, made.headers["Content-Type"]) == (201, "application/json")
    listed = requests.get(f"{support_api.url}/api/v1/conversations/", params={"user_email": "a@example.com"}, headers=headers)
    assert listed.json() == {"count": 1, "results": [made.json()]}
    assert requests.get(f"{support_api.url}/api/v1/conversations/").status_code == 401
    assert requests.head(f"{support_api.url}/api/v1/conversations/", headers=headers).text == ""


def test_each_test_has_a_state_of_its_own(support_api):  # noqa: F811
    headers = {"X-API-Key": support_api.keys.server}
    assert requests.get(f"{support_api.url}/api/v1/conversations/", headers=headers).json()["count"] == 0


def test_other_addresses_are_refused(support_api):  # noqa: F811
    with pytest.raises(requests.ConnectionError):
        requests.get("https://elsewhere.example/")
    with pytest.raises(requests.ConnectionError):
        requests.get(support_api.url + ".evil.example/")


def test_a_url_with_a_path_settings_and_threads():
    with mocked_api("https://help.example/tenant/", scenario="demo", choices={"default_channel": "web"}) as api:
        url, headers = f"{api.url}/api/v1/conversations/", {"Authorization": f"Bearer {api.keys.client}"}
        assert requests.get(url, headers=headers).json()["count"] == 12
        with ThreadPoolExecutor(8) as pool:
            made = list(
                pool.map(lambda n: requests.post(f"{url}create/", json={"subject": str(n)}, headers=headers).json(), range(40))
            )
        assert {item["channel"] for item in made} == {"web"}
        assert len({item["number"] for item in made}) == 40


def test_redirects_are_followed():
    with mocked_api(choices={"missing_trailing_slash": "redirect"}) as api:
        response = requests.get(f"{api.url}/api/v1/conversations?limit=3", headers={"X-API-Key": api.keys.server})
        assert response.status_code == 200
        assert response.url.endswith("/conversations/?limit=3")


def test_one_session_only():
    app = create_app(scenario="empty")
    session = requests.Session()
    session.mount("https://help.example", MockAdapter(app, "https://help.example"))
    session.headers["X-API-Key"] = app.namespace.standard_keys.server
    made = session.post("https://help.example/api/v1/conversations/create/", json={"subject": "Kühler?"})
    assert (made.status_code, made.json()["subject"]) == (201, "Kühler?")
    assert made.json()["id"] in session.get("https://help.example/api/v1/conversations/").text
    assert session.post("https://help.example/api/v1/conversations/create/", data=iter([b'{"subject"', b': "x"}'])).ok


def test_the_how_to_runs(tmp_path):
    blocks = re.findall(r"```python\n# (\S+\.py)\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    named = [name for name, _ in blocks]
    assert named == [
        "helpdesk.py",
        "conftest.py",
        "test_helpdesk.py",
        "test_with_httpx.py",
        "test_over_a_socket.py",
        "test_settings.py",
    ]
    for name, code in blocks:
        (tmp_path / name).write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-W", "error"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "10 passed" in done.stdout, done.stdout + done.stderr
