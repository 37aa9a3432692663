"""The console's page and files, and the ways that lead to it, without a browser."""

import io
import re
from html.parser import HTMLParser

import pytest
import yaml
from werkzeug.test import Client

from accord.base.assets import CHOICES, OPENAPI, REQUIREMENTS
from mockserver.app import create_app
from mockserver.console.page import STATIC
from mockserver.control.access import access
from mockserver.serving.server import AccessLog

PAGE = "/__accord__/"
FILES = "/__accord__/console/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
OWN = sorted(path for path in STATIC.rglob("*") if path.suffix in (".js", ".css") and "vendor" not in path.parts)


class Reader(HTMLParser):
    """Notes the addresses in a page, and whatever in it a strict policy would refuse."""

    def __init__(self, text):
        super().__init__()
        self.addresses = []
        self.inline = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.addresses += [given[name] for name in ("src", "href") if name in given and tag != "a"]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


def get(client, path, **headers):
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture(scope="module")
def client():
    return Client(create_app(scenario="empty"))


def test_the_page_has_a_strict_policy_and_nothing_inline(client):
    response = get(client, PAGE)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert Reader(response.text).inline == []


def test_all_that_the_page_loads_is_there_and_its_own(client):
    waiting = [PAGE + address for address in Reader(get(client, PAGE).text).addresses]
    seen, weight = set(), 0
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        response = get(client, address)
        assert response.status_code == 200, address
        weight += len(response.data)
        if response.mimetype == "text/javascript":
            folder = address.rpartition("/")[0]
            for name in re.findall(r'(?:from|import) "([^"]+)"', response.text):
                assert name.startswith("."), (address, name)
                steps = f"{folder}/{name}".replace("/./", "/").split("/")
                while ".." in steps:
                    at = steps.index("..")
                    del steps[at - 1 : at + 1]
                waiting.append("/".join(steps))
    served = {FILES + path.relative_to(STATIC).as_posix() for path in OWN}
    assert served <= seen
    assert weight < 200_000


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_nothing_makes_markup_or_code_of_text(path):
    text = path.read_text(encoding="utf-8")
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "dangerously",
        "document.write",
        "eval(",
        "Function(",
        "@import",
    ):
        assert forbidden not in text
    assert not re.search(r"https?://(?!127\.0\.0\.1|app\.example\.com)", text)


def test_a_file_is_sent_again_only_if_it_changed(client):
    first = get(client, f"{FILES}js/main.js")
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.content_type == "text/javascript; charset=utf-8"
    again = get(client, f"{FILES}js/main.js", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert get(client, f"{FILES}js/main.js", If_None_Match='"another"').status_code == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "../page.py", "js/../../page.py", "js", "", "%2e%2e/page.py", "js//main.js", "/etc/passwd"]
)
def test_nothing_else_is_served(client, name):
    assert get(client, FILES + name).status_code == 404


def test_the_library_comes_with_its_licences(client):
    for name in ("htm", "preact"):
        assert "opyright" in get(client, f"{FILES}vendor/LICENSE-{name}.txt").text


def test_the_catalogue_is_that_of_the_distribution(client):
    found = get(client, f"{FILES}catalogue.json").json
    assert found["requirements"] == yaml.safe_load(REQUIREMENTS.read_text(encoding="utf-8"))
    assert list(found["choices"]) == list(yaml.safe_load(CHOICES.read_text(encoding="utf-8")))


def test_a_browser_is_led_to_the_console_and_a_program_is_not(client):
    for path, place in (("/", PAGE), ("/docs", f"{PAGE}#/reference")):
        led = get(client, path, **BROWSER)
        assert (led.status_code, led.headers["Location"]) == (302, place)
        assert "Accept" in led.headers["Vary"]
        for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
            refused = get(client, path, **headers)
            assert (refused.status_code, refused.json) == (404, {"detail": "There is nothing at this path."})
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert client.open(path, method=method, headers=BROWSER).status_code == 404
    assert get(client, "/__accord__/reference").headers["Location"] == f"{PAGE}#/reference"


def test_within_a_namespace_they_lead_to_that_namespace(client):
    led = get(client, "/__accord__/in/mine/", **BROWSER)
    assert led.headers["Location"] == "/__accord__/in/mine/__accord__/"
    assert get(client, led.headers["Location"]).status_code == 200


def test_the_contract_is_json_as_well(client):
    response = get(client, "/openapi.json")
    assert response.content_type == "application/json"
    assert response.json == yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))


def test_the_contract_is_the_one_that_the_mock_follows(edited_spec):
    path = edited_spec(lambda document: document["info"].update(title="Another API"))
    assert get(Client(create_app(spec=path)), "/openapi.json").json["info"]["title"] == "Another API"


def test_without_a_control_api_a_browser_gets_a_short_page():
    client = Client(create_app(access=access(control=False)))
    for path in ("/", "/docs"):
        page = get(client, path, **BROWSER)
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert "--no-control" in page.text
        assert Reader(page.text).inline == []
        assert get(client, path).status_code == 404
    assert get(client, PAGE).status_code == 404
    assert get(client, "/openapi.json").status_code == 200


def test_a_token_is_needed_for_what_the_page_shows_and_not_for_the_page():
    client = Client(create_app(access=access(token="a-token-of-some-length")))
    for path in (PAGE, f"{FILES}js/main.js", f"{FILES}catalogue.json"):
        assert get(client, path).status_code == 200
    for path in ("requests", "conversations", "namespaces"):
        assert get(client, PAGE + path).status_code == 401


def test_another_origin_gets_neither_page_nor_files(client):
    for path in (PAGE, f"{FILES}js/main.js"):
        response = get(client, path, Origin="https://elsewhere.example")
        assert response.status_code == 403
        assert "Access-Control-Allow-Origin" not in response.headers
    assert get(client, f"{FILES}js/main.js", Sec_Fetch_Site="cross-site").status_code == 403


def test_the_request_log_leaves_out_what_the_console_reads():
    app, log = create_app(scenario="empty"), io.StringIO()
    client = Client(AccessLog(app, log))
    get(client, "/__accord__/requests", Sec_Fetch_Site="same-origin")
    assert log.getvalue() == ""
    get(client, "/__accord__/requests")
    client.post("/__accord__/reset", headers={"Sec-Fetch-Site": "same-origin"})
    get(client, "/__accord__/in/one/api/v1/conversations/", Sec_Fetch_Site="same-origin")
    assert [line.split()[2] for line in log.getvalue().splitlines()] == [
        "/__accord__/requests",
        "/__accord__/reset",
        "/__accord__/in/one/api/v1/conversations/",
    ]


def test_showing_the_page_leaves_the_journal_alone(api):
    for path in (PAGE, f"{FILES}js/main.js", "/", "/docs", "/openapi.json"):
        api.request("GET", path, key=None, headers=BROWSER)
    assert api.request("GET", "/__accord__/requests", key=None).json == {"results": []}
