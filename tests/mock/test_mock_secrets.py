"""The mock shows keys whole on its banner and in its control API's namespaces, and nowhere else; its log is one line a request."""

import base64
import io
from urllib.parse import quote

import pytest

from accord.base.errors import AccordError
from mockserver.app import create_app
from mockserver.keys.files import read_keys
from mockserver.keys.model import KeyRing, StandardKeys
from mockserver.model.caller import ApiKey
from mockserver.serving.server import AccessLog
from tests.cli.spellings import leaks, percent, spellings

PATH = "/api/v1/conversations/"
CREATE = "/api/v1/conversations/create/"
STANDARD = StandardKeys.of(1).server
PLAIN = "acme/live+7Hq2-Zx9vPq4T"
STRANGE = "stranger-5rTgB8hN2mJu7kL"
"""A key that the mock does not know: somebody's real one, sent to the mock by mistake."""


@pytest.fixture(params=[STANDARD, PLAIN, STRANGE], ids=["standard", "of a ring", "unknown"])
def sent(request):
    return request.param


@pytest.fixture
def log():
    return io.StringIO()


@pytest.fixture
def client(sent, log):
    app = create_app(keys=KeyRing([ApiKey(PLAIN, "server", "Harbour & Pine")]) if sent == PLAIN else None)
    app.wsgi_app = AccessLog(app.wsgi_app, log, lambda: app.namespace.keys.redactor)
    return app.test_client()


def requests(key):
    """Yield requests that have a key wherever somebody might put one: in headers, query and body."""
    basic = base64.b64encode(f"user:{key}".encode()).decode()
    yield {"Authorization": f"Bearer {key} x"}, "", None
    yield {"Authorization": f"Bearer x {key}"}, "", None
    yield {"Authorization": key}, "", None
    yield {"Authorization": f"Basic {basic}", "X-Echo": basic}, "", None
    yield {"Proxy-Authorization": f"Bearer {key}"}, "", None
    for written in spellings(key).values():
        if written.isascii() and written.isprintable():
            yield {"X-API-Key": key, "Cookie": f"key={written}", "Referer": f"/?k={written}"}, f"?key={quote(written)}", None
            body = {"subject": written, "priority": written, "metadata": {written: key}}
            yield {"X-API-Key": key}, f"?{percent(key)}=1&status={quote(key)}", body


def test_nothing_of_a_request_shows_a_key(client, log, sent):
    for headers, query, body in requests(sent):
        for path in (
            PATH,
            CREATE,
            f"{PATH}{quote(sent, safe='')}/",
            f"/{quote(sent)}",
            f"/__accord__/namespaces/{quote(sent, safe='')}",
        ):
            for response in (client.get(path + query, headers=headers), client.post(path + query, headers=headers, json=body)):
                if response.status_code >= 400:
                    assert leaks(response.text, [sent]) == [], (path, headers, response.text)
    journal = client.get("/__accord__/requests?limit=1000")
    assert len(journal.json["results"]) > 50
    assert leaks(journal.text, [sent]) == []
    assert leaks(log.getvalue(), [sent]) == []


def test_a_key_that_the_journal_cuts_a_body_within(client, sent):
    for length in range(16 * 1024 - 40, 16 * 1024, 3):
        client.post(CREATE, headers={"X-API-Key": sent}, data=b" " * length + sent.encode(), content_type="application/json")
    bodies = [entry["request"]["body"] for entry in client.get("/__accord__/requests").json["results"]]
    assert all(bodies)
    assert not [body[-60:] for body in bodies if body and sent[8:12] in body]


def test_the_ready_made_keys_are_shown_where_they_are_asked_for():
    client = create_app().test_client()
    assert client.put("/__accord__/namespaces/mine").json["keys"]["server"] == STANDARD


def test_the_log_shows_what_clients_send_with_escapes(log):
    client = create_app().test_client()
    client.application.wsgi_app = AccessLog(client.application.wsgi_app, log)
    client.get("/%1b%5d0;pwned%07%0a%c2%9b2J%e2%80%ae%e2%80%a8é")
    (line,) = log.getvalue().splitlines()
    assert "\\x1b]0;pwned\\x07\\n\\x9b2J\\u202e\\u2028é" in line
    assert line.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "organisations: [A]\nkeys: [{key: 'KEY with spaces', tier: server, organisation: A}]",
        "organisations: [A]\nkeys: [{key: KEY, tier: KEY, organisation: A}]",
        "organisations: [A]\nkeys: [{key: 12345678, tier: server, organisation: KEY}]",
        "organisations: [A]\nkeys: [{key: some-other-key, tier: server, organisation: KEY}]",
        "organisations: [A]\nkeys: [{KEY: server, tier: server, organisation: A}]",
        "organisations: [A]\nkeys: [{key: some-other-key, tier: server, organisation: A, name: [KEY]}]",
        "organisations: [A]\nkeys: [{key: some-other-key, tier: server, organisation: A, allowed_origins: [KEY]}]",
        "organisations: [A]\nkeys: {KEY: {tier: server}}",
        "organisations: [KEY, KEY]\nkeys: [{key: some-other-key, tier: server, organisation: KEY}]",
        "KEY",
        "keys: *KEY",
        "keys: !KEY x",
        "keys: &KEY [x\n",
        "keys:\n- KEY: [\n",
    ],
)
@pytest.mark.parametrize("key", [STANDARD, STRANGE])
def test_a_malformed_keys_file_is_told_without_its_keys(tmp_path, text, key):
    path = tmp_path / "keys.yaml"
    path.write_text(text.replace("KEY", key))
    with pytest.raises(AccordError) as caught:
        read_keys(path)
    assert leaks(str(caught.value), [key]) == []
