"""Pages of other origins in Chromium: at the documented API all they need, at the control API nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.test import Client

from mockserver.app import create_app
from mockserver.control.access import access
from mockserver.serving.server import serving
from tests.browsers import chromium
from tests.mock.control_routes import CONTROL_ROUTES
from tests.sampling import sample

LIST = "/api/v1/conversations/"
CONTROL = [*CONTROL_ROUTES, ("GET", "/health")]
TRY = """
async ([url, init]) => {
  try {
    const answer = await fetch(url, init);
    return {status: answer.status, type: answer.type, body: await answer.text(), headers: Object.fromEntries(answer.headers)};
  } catch (error) {
    return {failed: String(error)};
  }
}
"""
HEADERS = [
    "X-Accord-Namespace",
    "X-Accord-Fault",
    "traceparent",
    "sentry-trace",
    "X-Requested-With",
    "Cache-Control",
    "X-Bundle-Id",
    "Authorization",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--host-resolver-rules=MAP evil.example 127.0.0.1") as started:
        yield started


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Serve pages of another origin than the mock's, and yield that origin."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        page = b"<!doctype html><title>A page</title><body>"
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
        return [page]

    with serving(app) as url:
        yield url


class Mock:
    """A served mock with data that pages must not change; `state` returns them, without a request over HTTP."""

    def __init__(self, url: str, client: Client, key: str) -> None:
        self.url = url
        self.client = client
        self.key = key

    def state(self) -> list[Any]:
        journal, *others = (self.client.get(f"/__accord__/{path}").json for path in ("requests", "namespaces", "snapshots"))
        # Without the requests that browsers send by themselves, such as for an icon.
        return [[entry for entry in journal["results"] if entry["operation"]], *others]


@contextmanager
def mocking(**settings: Any) -> Iterator[Mock]:
    app = create_app(**{"scenario": "demo", **settings})
    client = Client(app)
    client.put("/__accord__/namespaces/kept", json={})
    client.put("/__accord__/snapshots/kept")
    assert app.namespace.standard_keys is not None
    key = app.namespace.standard_keys.client
    assert client.post(f"{LIST}create/", headers={"X-API-Key": key}, json={"subject": "A secret"}).status_code == 201
    with serving(app) as url:
        yield Mock(url, client, key)


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(f"{origin}/")
    yield page
    page.close()


@pytest.mark.parametrize("cors", sample([True, False]))
def test_a_page_of_another_origin_cannot_steer_or_read(page: Page, cors: bool) -> None:
    with mocking(cors=cors) as mock:
        before = mock.state()
        for prefix in ("", "/__accord__/in/kept"):
            for method, path in CONTROL:
                url = f"{mock.url}{prefix}/__accord__{path}"
                assert "failed" in page.evaluate(TRY, [url, {"method": method}]), (method, path)
                assert "failed" in page.evaluate(TRY, [url, {"method": method, "headers": {"X-Custom": "1"}}]), (method, path)
                assert "failed" in page.evaluate(TRY, [url, {"method": method, "credentials": "include"}]), (method, path)
                if method in ("GET", "POST"):
                    # As for forms and images, there is no preflight, but the page cannot read the response.
                    sent = {"method": method, "mode": "no-cors"} | ({"body": "{}"} if method == "POST" else {})
                    seen = page.evaluate(TRY, [url, sent])
                    assert "failed" in seen or (seen["type"], seen["body"]) == ("opaque", ""), (method, path)
        assert mock.state() == before


def test_forms_links_frames_and_scripts_of_another_page_do_nothing(page: Page) -> None:
    with mocking() as mock:
        before = mock.state()
        statuses: dict[str, list[int]] = {}
        page.on("response", lambda response: statuses.setdefault(response.url, []).append(response.status))
        page.evaluate(
            """async url => {
              const form = document.createElement("form");
              form.method = "POST"; form.action = url + "/__accord__/reset"; form.target = "there"; form.enctype = "text/plain";
              const frame = document.createElement("iframe");
              frame.name = "there";
              document.body.append(frame, form);
              await new Promise(done => { frame.onload = done; form.submit(); });
              for (const kind of ["img", "script"]) {
                const element = document.createElement(kind);
                await new Promise(done => {
                  element.onload = element.onerror = done;
                  element.src = url + "/__accord__/requests?" + kind;
                  document.body.append(element);
                });
              }
              navigator.sendBeacon(url + "/__accord__/snapshots/kept/restore", "{}");
            }""",
            mock.url,
        )
        page.evaluate("url => { location = url }", f"{mock.url}/__accord__/requests")
        page.wait_for_url(f"{mock.url}/__accord__/requests")
        assert "A secret" not in page.content()
        assert "may not steer or read this mock" in page.content()
        assert statuses[f"{mock.url}/__accord__/requests"] == [403]
        assert statuses[f"{mock.url}/__accord__/reset"] == [403]
        assert mock.state() == before


def test_a_name_that_was_bound_anew_is_refused(browser: Browser) -> None:
    with mocking() as mock:
        before = mock.state()
        evil = mock.url.replace("127.0.0.1", "evil.example")
        page = browser.new_page()
        page.goto(f"{evil}/nowhere")
        for method, path in CONTROL:
            seen = page.evaluate(TRY, [f"{evil}/__accord__{path}", {"method": method}])
            assert seen["status"] == 403
            assert "does not go by the name evil.example" in seen["body"]
        page.close()
        assert mock.state() == before


def test_the_mock_s_own_pages_may_and_so_may_who_types_the_address(browser: Browser) -> None:
    with mocking() as mock:
        page = browser.new_page()
        for name in ("127.0.0.1", "localhost"):
            url = mock.url.replace("127.0.0.1", name)
            opened = page.goto(f"{url}/__accord__/requests")
            assert opened is not None
            assert opened.status == 200
            assert page.evaluate(TRY, [f"{url}/__accord__/namespaces", {}])["status"] == 200
            assert page.evaluate(TRY, [f"{url}/__accord__/snapshots/mine", {"method": "PUT"}])["status"] == 204
            assert page.evaluate(TRY, [f"{url}/__accord__/reset", {"method": "POST"}])["status"] == 204
        page.close()


def test_an_origin_that_is_allowed_may(page: Page, origin: str) -> None:
    token = "a-token-of-some-length"
    with mocking(access=access(origins=[origin], token=token)) as mock:
        headers = {"Authorization": f"Bearer {token}"}
        namespaces = f"{mock.url}/__accord__/namespaces"
        assert page.evaluate(TRY, [namespaces, {}])["status"] == 401
        assert page.evaluate(TRY, [namespaces, {"headers": headers, "credentials": "include"}])["status"] == 200
        assert page.evaluate(TRY, [f"{namespaces}/mine", {"method": "PUT", "headers": headers}])["status"] == 201
        assert page.evaluate(TRY, [f"{namespaces}/mine", {"method": "DELETE", "headers": headers}])["status"] == 204


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_a_page_may_send_any_header_to_the_documented_api(page: Page, credentials: str) -> None:
    with mocking() as mock:
        for name in HEADERS:
            value = {"Authorization": f"Bearer {mock.key}", "X-Accord-Fault": "delay=0.01"}.get(name, "one")
            init = {"headers": {"X-API-Key": mock.key, name: value}, "credentials": credentials}
            seen = page.evaluate(TRY, [f"{mock.url}{LIST}", init])
            assert seen.get("status") == 200, (name, seen)
        inside = page.evaluate(
            TRY, [f"{mock.url}/__accord__/in/one{LIST}", {"headers": {"X-API-Key": mock.key, "traceparent": "1"}}]
        )
        assert inside["status"] == 200


@pytest.mark.parametrize("option", ["redirect", "serve", "not_found"])
def test_a_missing_slash_is_a_response_that_a_page_can_read(page: Page, option: str) -> None:
    with mocking(choices={"missing_trailing_slash": option}) as mock:
        init = {"headers": {"X-API-Key": mock.key, "Content-Type": "application/json", "traceparent": "1"}}
        post = init | {"method": "POST", "body": json.dumps({"subject": "No slash"})}
        for prefix in ("", "/__accord__/in/one"):
            created = page.evaluate(TRY, [f"{mock.url}{prefix}{LIST}create", post])
            listed = page.evaluate(TRY, [f"{mock.url}{prefix}{LIST.rstrip('/')}", init])
            assert (created.get("status"), listed.get("status")) == ((404, 404) if option == "not_found" else (201, 200)), created
            assert ("end in a slash" in created["body"]) == (option == "not_found")


def test_errors_can_be_read(page: Page, tmp_path: Any) -> None:
    file = tmp_path / "state.db"
    with mocking(storage=f"sqlite:///{file}") as mock:
        key = {"X-API-Key": mock.key, "traceparent": "1"}
        as_json = key | {"Content-Type": "application/json"}
        unknown = f"{LIST}11111111-2222-4333-8444-555555555555"
        for path, init, status in (
            (LIST, {"headers": {"traceparent": "1"}}, 401),
            (f"{unknown}/resolve/", {"headers": key, "method": "POST"}, 403),
            (f"{unknown}/", {"headers": key}, 404),
            ("/api/v2/nothing", {"headers": key}, 404),
            (LIST, {"headers": key, "method": "PATCH"}, 405),
            (f"{LIST}create/", {"headers": as_json, "method": "POST", "body": "x" * (5 << 20)}, 413),
            (f"{LIST}create/", {"headers": key, "method": "POST", "body": "{"}, 415),
            (f"/__accord__/in//{LIST}", {"headers": key}, 400),
        ):
            seen = page.evaluate(TRY, [f"{mock.url}{path}", init])
            assert seen.get("status") == status, (path, seen)
            assert "detail" in json.loads(seen["body"])
        assert (
            page.evaluate(TRY, [f"{mock.url}{LIST}", {"headers": {"traceparent": "1"}}])["headers"]["www-authenticate"] == "Bearer"
        )
        file.unlink()
        seen = page.evaluate(TRY, [f"{mock.url}{LIST}", {"headers": key}])
        assert (seen["status"], seen["headers"]["retry-after"]) == (503, "1")


def test_without_cors_a_page_gets_nothing(page: Page) -> None:
    with mocking(cors=False) as mock:
        assert "failed" in page.evaluate(TRY, [f"{mock.url}{LIST}", {"headers": {"X-API-Key": mock.key}}])
        assert "failed" in page.evaluate(TRY, [f"{mock.url}{LIST}", {}])
