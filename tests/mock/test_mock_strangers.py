"""Who may control and read the mock: this depends on the headers that browsers send, the host name, and the token."""

import itertools
import json
import shutil
import socket
import subprocess

import pytest
import requests
from werkzeug.test import Client

from accord.base.errors import AccordError
from accord.cli import run
from mockserver.app import MockApp
from mockserver.app import create_app as create_app_from
from mockserver.contract.document import load_contract
from mockserver.control.access import Access, access
from mockserver.testing import MockAdapter, mocked_api
from tests.mock.control_routes import CONTROL_ROUTES
from tests.mock.test_mock_serving import command, raw

LIST = "/api/v1/conversations/"
CONTRACT = load_contract()
ROUTES = [*CONTROL_ROUTES, ("GET", "/nowhere")]
STRANGERS = {
    "an origin": {"Origin": "http://evil.example"},
    "another port": {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"},
    "no origin to tell": {"Origin": "null"},
    "an empty origin": {"Origin": ""},
    "a prefix of ours": {"Origin": "http://localhos"},
    "ours and more": {"Origin": "http://localhost.evil.example"},
    "another scheme": {"Origin": "https://localhost"},
    "an image": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "an image of a neighbour": {"Sec-Fetch-Site": "same-site"},
    "a link": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    "a site that is none": {"Sec-Fetch-Site": "nonsense"},
    "our origin from elsewhere": {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    "a name that was bound anew": {"Host": "evil.example"},
    "a name that was bound anew, and is its own origin": {
        "Host": "evil.example",
        "Origin": "http://evil.example",
        "Sec-Fetch-Site": "same-origin",
    },
    "a name like ours": {"Host": "localhost.evil.example"},
    "two names": {"Host": "localhost,evil.example"},
    "another port of ours": {"Host": "localhost:81"},
}


def create_app(**settings: object) -> MockApp:
    return create_app_from(spec=CONTRACT, **settings)


class Watched:
    """A mock with data that strangers must not change; `state` returns these."""

    def __init__(self, app):
        self.app = app
        self.client = Client(app)
        self.key = {"X-API-Key": app.namespace.standard_keys.server}
        self.client.put("/__accord__/namespaces/kept", json={})
        self.client.put("/__accord__/snapshots/kept")
        assert self.client.post(f"{LIST}create/", headers=self.key, json={"subject": "Hello"}).status_code == 201

    def state(self):
        return [self.client.get(f"/__accord__/{path}").json for path in ("requests", "namespaces", "snapshots")]


@pytest.fixture(scope="module")
def watched():
    return Watched(create_app(scenario="empty"))


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("prefix", ["", "/__accord__/in/kept"])
@pytest.mark.parametrize("cors", [True, False])
def test_strangers_get_nothing_and_change_nothing(who, prefix, cors):
    watched = Watched(create_app(scenario="empty", cors=cors))
    before = watched.state()
    for method, path in ROUTES:
        response = watched.client.open(f"{prefix}/__accord__{path}", method=method, headers=STRANGERS[who], data=b"{}")
        assert response.status_code == 403, (method, path)
        assert list(response.json) == ["detail"]
        assert "--control-" in response.json["detail"]
        assert not [name for name in dict(response.headers) if name.lower().startswith("access-control-")]
        assert response.headers["Cache-Control"] == "no-store"
    assert watched.state() == before


@pytest.mark.parametrize("who", ["an origin", "another port", "an image"])
def test_health_is_not_for_pages_either(watched, who):
    assert watched.client.get("/__accord__/health", headers=STRANGERS[who]).status_code == 403


def test_health_is_refused_by_a_name_that_was_bound_anew(watched):
    assert watched.client.get("/__accord__/health", headers={"Host": "10.1.2.3:4010"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "127.0.0.1", "Origin": "http://127.0.0.1"},
        {"Host": "LOCALHOST"},
        {"Host": "localhost:80"},
        {"Host": "[::1]"},
        {"Host": "localhost", "Origin": "https://localhost", "Sec-Fetch-Site": "same-origin"},  # behind a proxy with TLS
    ],
)
def test_programs_and_the_mock_itself_may(watched, headers):
    response = watched.client.get("/__accord__/namespaces", headers=headers)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_link_to_the_console_is_not_refused(watched):
    # A page may link to the address of the console, but not send other requests to it.
    assert watched.client.get("/__accord__/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert watched.client.post("/__accord__/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


PREFLIGHT = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}


@pytest.mark.parametrize("cors", [True, False])
def test_an_origin_that_is_allowed(cors):
    origin = "http://localhost:5173"
    allowed = access(origins=["HTTP://localhost:5173/", "https://app.example:443"])
    watched = Watched(create_app(scenario="empty", access=allowed, cors=cors))
    page = {"Origin": origin, "Sec-Fetch-Site": "same-site"}
    response = watched.client.get("/__accord__/requests", headers=page)
    assert (response.status_code, len(response.json["results"])) == (200, 1)
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["Vary"] == "Origin"
    asked = watched.client.options("/__accord__/requests", headers=page | PREFLIGHT)
    assert asked.status_code == 204
    assert "DELETE" in asked.headers["Access-Control-Allow-Methods"]
    assert "authorization" in asked.headers["Access-Control-Allow-Headers"].lower()
    assert watched.client.delete("/__accord__/requests", headers=page).status_code == 204
    for other in ("https://app.example", "http://localhost:5174"):
        expected = 200 if other == "https://app.example" else 403
        assert watched.client.get("/__accord__/requests", headers={"Origin": other}).status_code == expected


def test_a_preflight_of_a_stranger_is_refused(watched):
    asked = watched.client.options("/__accord__/requests", headers=PREFLIGHT | {"Origin": "http://localhost:5173"})
    assert asked.status_code == 403
    assert not [name for name in dict(asked.headers) if name.lower().startswith("access-control-")]


def test_names_that_were_given():
    client = Client(create_app(scenario="empty", access=access(hosts=["Mock.example", "other.example:8080"])))
    for host, status in {
        "mock.example": 200,
        "mock.example:8443": 200,
        "other.example:8080": 200,
        "other.example": 403,
        "localhost": 200,
        "third.example": 403,
    }.items():
        assert client.get("/__accord__/namespaces", headers={"Host": host}).status_code == status, host


TOKEN = "a-token-of-some-length"


def test_a_token_is_needed_where_it_was_given():
    client = Client(create_app(scenario="empty", access=access(token=TOKEN)))
    for sent in (None, "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xe9", f"Bearer {TOKEN[:-1]}"):
        response = client.get("/__accord__/namespaces", headers={} if sent is None else {"Authorization": sent})
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer"), sent
        assert TOKEN not in response.text
    right = {"Authorization": f"bearer {TOKEN}"}
    assert client.get("/__accord__/namespaces", headers=right).status_code == 200
    assert client.get("/__accord__/nowhere", headers=right).status_code == 404
    assert client.get("/__accord__/namespaces", headers=right | {"Origin": "http://evil.example"}).status_code == 403
    assert client.get("/__accord__/health").status_code == 200
    shown = client.get("/__accord__/requests", headers=right).text
    assert TOKEN[:7] not in shown
    assert TOKEN[-4:] not in shown
    assert TOKEN not in repr(access(token=TOKEN))


def test_a_preflight_cannot_carry_the_token():
    client = Client(create_app(scenario="empty", access=access(token=TOKEN, origins=["http://localhost:5173"])))
    asked = client.options("/__accord__/requests", headers=PREFLIGHT | {"Origin": "http://localhost:5173"})
    assert asked.status_code == 204
    assert client.get("/__accord__/requests", headers={"Origin": "http://localhost:5173"}).status_code == 401


def test_whoever_comes_from_another_machine_needs_a_token():
    def status(allowed, address, **headers):
        client = Client(create_app(scenario="empty", access=allowed))
        return client.get("/__accord__/namespaces", headers=headers, environ_overrides={"REMOTE_ADDR": address}).status_code

    for address, expected in {"127.0.0.1": 200, "::1": 200, "::ffff:127.0.0.1": 200, "192.0.2.1": 403, "2001:db8::1": 403}.items():
        assert status(Access(), address) == expected, address
    assert status(access(token=TOKEN), "192.0.2.1", Authorization=f"Bearer {TOKEN}") == 200


def test_beyond_loopback_there_is_none_without_a_token():
    off = access(host="0.0.0.0", address="0.0.0.0")
    client = Client(create_app(scenario="empty", access=off))
    response = client.get("/__accord__/namespaces")
    assert response.status_code == 403
    assert "--control-token" in response.json["detail"]
    assert client.get("/__accord__/health").status_code == 200
    assert client.get(f"/__accord__/in/one{LIST}").status_code == 401


@pytest.mark.parametrize(
    ("host", "address", "name", "status"),
    [
        ("0.0.0.0", "0.0.0.0", "192.168.1.5", 200),
        ("::", "::", "[2001:db8::5]", 200),
        ("0.0.0.0", "0.0.0.0", "evil.example", 403),
        ("box.local", "192.168.1.5", "box.local", 200),
        ("box.local", "192.168.1.5", "192.168.1.5", 200),
        ("box.local", "192.168.1.5", "192.168.1.6", 403),
        ("box.local", "192.168.1.5", "box.local:81", 403),
    ],
)
def test_the_names_beyond_loopback(host, address, name, status):
    client = Client(create_app(scenario="empty", access=access(host=host, address=address, token=TOKEN)))
    headers = {"Host": name, "Authorization": f"Bearer {TOKEN}"}
    assert client.get("/__accord__/namespaces", headers=headers).status_code == status


def test_no_control():
    client = Client(create_app(scenario="empty", access=access(control=False)))
    for method, path in ROUTES:
        response = client.open(f"/__accord__{path}", method=method)
        assert response.status_code == 404
        assert "--no-control" in response.json["detail"]
    assert client.get("/__accord__/health").status_code == 200
    assert client.get(f"/__accord__/in/one{LIST}").status_code == 401
    assert client.get(LIST, headers={"X-Accord-Namespace": "two"}).status_code == 401


@pytest.mark.parametrize(
    "settings",
    [
        *({"origins": [origin]} for origin in ("*", "null", "localhost:5173", "http://a/b", "http://a b", "http://u@a", "")),
        *({"hosts": [host]} for host in ("", "*.example/", "http://a", "a b", "a:b")),
        *({"token": token} for token in ("", "short", "with space in it", "s\u00e9cret-of-length")),
    ],
)
def test_what_cannot_be_allowed(settings):
    with pytest.raises(AccordError, match="--control-") as told:
        access(**settings)
    assert not settings.get("token") or settings["token"] not in str(told.value)


# --- in-process ---------------------------------------------------------------------------------------------------------


def test_in_process_the_mock_goes_by_the_name_that_the_program_gives_it():
    with mocked_api("https://support.example.com") as api:
        assert requests.get(f"{api.url}/__accord__/namespaces").status_code == 200
        assert requests.get(f"{api.url}/__accord__/namespaces", headers={"Origin": "https://evil.example"}).status_code == 403
    with requests.Session() as session:
        session.mount("http://helpdesk.test/base", MockAdapter(create_app(scenario="empty"), "http://helpdesk.test/base"))
        assert session.post("http://helpdesk.test/base/__accord__/reset").status_code == 204


# --- the command ----------------------------------------------------------------------------------------------------------


def test_curl_and_node_steer_as_before(tmp_path):
    with command(tmp_path, "--quiet") as (_, url):
        port = url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost"):
            curl = ["curl", "--silent", "--show-error", "--noproxy", "*", "--ipv4", f"http://{host}:{port}/__accord__/namespaces"]
            done = subprocess.run(curl, capture_output=True, text=True, check=True, timeout=10)
            assert json.loads(done.stdout)["results"][0]["name"] == "default"
        evil = ["curl", "--silent", "--noproxy", "*", "--resolve", f"evil.example:{port}:127.0.0.1"]
        done = subprocess.run(
            [*evil, f"http://evil.example:{port}/__accord__/requests"], capture_output=True, text=True, check=True, timeout=10
        )
        assert "does not go by the name evil.example" in json.loads(done.stdout)["detail"]
        node = shutil.which("node")
        if node:
            code = f"fetch('{url}/__accord__/reset', {{method: 'POST'}}).then(answer => console.log(answer.status))"
            done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True, timeout=20)
            assert done.stdout.strip() == "204"
        old = raw(url, b"GET /__accord__/namespaces HTTP/1.0\r\n\r\n")
        assert b" 200 " in old.splitlines()[0]


def test_options_of_the_command(tmp_path):
    options = ["--control-token", TOKEN, "--control-origin", "http://localhost:5173", "--control-host", "mock.example"]
    with command(tmp_path, *options) as (process, url):
        path = f"{url}/__accord__/namespaces"
        assert requests.get(path).status_code == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert requests.get(path, headers=right).status_code == 200
        assert requests.get(path, headers=right | {"Host": "mock.example"}).status_code == 200
        assert requests.get(path, headers=right | {"Host": "mick.example"}).status_code == 403
        assert requests.get(path, headers=right | {"Origin": "http://localhost:5173"}).status_code == 200
        process.terminate()
        out, log = process.communicate(timeout=5)
    assert TOKEN not in out + log


def test_listening_everywhere_without_a_token_is_told(tmp_path):
    with command(tmp_path, "--host", "0.0.0.0") as (process, url):
        port = url.rpartition(":")[2]
        assert requests.get(f"http://127.0.0.1:{port}/__accord__/requests").status_code == 403
        assert requests.get(f"http://127.0.0.1:{port}/__accord__/health").status_code == 200
        process.terminate()
        out, _ = process.communicate(timeout=5)
    assert "--control-token" in out


def test_a_mistaken_option_is_one_clear_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, value in itertools.chain(
        (("--control-origin", "localhost"), ("--control-host", "http://a"), ("--control-token", "it is one"))
    ):
        assert run(["mock", "--port", "0", name, value]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert name in err
        assert "it is one" not in err


def test_variables_of_the_process_are_no_headers(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://somebody:secret@proxy.example:3128")
    monkeypatch.setenv("HTTP_X_ACCORD_NAMESPACE", "elsewhere")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with command(tmp_path, "--quiet") as (_, url):
        assert requests.get(f"{url}{LIST}").status_code == 401
        shown = requests.get(f"{url}/__accord__/requests")
        assert len(shown.json()["results"]) == 1
        assert "secret" not in shown.text


def test_the_machine_s_own_address_is_beyond_loopback(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("no address but loopback")
        own = probe.getsockname()[0]
    if own.startswith("127."):
        pytest.skip("no address but loopback")
    with command(tmp_path, "--host", own, "--control-token", TOKEN) as (_, url):
        assert own in url
        path = f"{url}/__accord__/namespaces"
        session = requests.Session()
        session.trust_env = False
        assert session.get(path).status_code == 401
        assert session.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
