"""What browsers of other origins are allowed at the documented API, and what they can read of its responses."""

import pytest
from werkzeug.test import Client

from mockserver.app import create_app
from mockserver.store import StoreUnavailableError

LIST = "/api/v1/conversations/"
ORIGIN = "https://shop.example"
HEADERS = [
    "X-API-Key",
    "Authorization",
    "Content-Type",
    "X-Bundle-Id",
    "X-Accord-Namespace",
    "X-Accord-Fault",
    "traceparent",
    "sentry-trace",
    "baggage",
    "X-Requested-With",
    "Cache-Control",
    "x-anything.at_all",
]
PATHS = [
    LIST,
    LIST.rstrip("/"),
    f"{LIST}create/",
    f"{LIST}create",
    f"{LIST}11111111-2222-4333-8444-555555555555/resolve",
    f"{LIST}nothing/of/the/kind",
    "/api/",
    "/api",
    "/api/v2/else/",
]


@pytest.fixture(scope="module")
def client(contract):
    return Client(create_app(spec=contract))


def ask(client, path, headers="x-api-key", method="POST", **more):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.options(path, headers=asked | more)


@pytest.mark.parametrize("prefix", ["", "/__accord__/in/shop", "/__accord__/in/no%20name"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PURGE"])
def test_every_path_answers_preflights(client, prefix, path, method):
    response = ask(client, f"{prefix}{path}", ", ".join(HEADERS).lower(), method)
    assert response.status_code == 204
    assert response.data == b""
    assert response.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert method in response.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert {name.lower() for name in HEADERS} <= allowed
    assert "Access-Control-Allow-Private-Network" not in response.headers
    vary = {name.strip().lower() for name in response.headers["Vary"].split(",")}
    assert {"origin", "access-control-request-method", "access-control-request-headers"} <= vary


def test_only_names_are_echoed(client):
    response = ask(client, LIST, "x-good, b@d, sp ace, <script>, , x-\xe9, *", method="BAD METHOD")
    allowed = [name.strip() for name in response.headers["Access-Control-Allow-Headers"].split(",")]
    assert "x-good" in allowed
    assert not {"b@d", "sp ace", "<script>", "", "x-\xe9"} & set(allowed)
    assert "BAD METHOD" not in response.headers["Access-Control-Allow-Methods"]


def test_what_is_understood_is_named_even_if_nobody_asks(client):
    response = client.options(LIST, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"})
    for name in HEADERS[:6]:
        assert name in response.headers["Access-Control-Allow-Headers"]


def test_a_private_network_is_allowed_where_that_is_asked(client):
    response = ask(client, LIST, **{"Access-Control-Request-Private-Network": "true"})
    assert response.headers["Access-Control-Allow-Private-Network"] == "true"


class Broken(StoreUnavailableError):
    pass


@pytest.mark.parametrize("origin", [ORIGIN, "null", "http://localhost:5173"])
def test_every_response_can_be_read(contract, origin):
    app = create_app(spec=contract)
    app.add_url_rule("/mistake", view_func=lambda: 1 // 0, endpoint="mistake")
    client, key = Client(app), {"X-API-Key": app.namespace.standard_keys.client, "Origin": origin}
    responses = {
        200: client.get(LIST, headers=key),
        201: client.post(f"{LIST}create/", headers=key, json={"subject": "Hello"}),
        400: client.get(LIST, headers=key | {"X-Accord-Namespace": "no name"}),
        401: client.get(LIST, headers={"Origin": origin}),
        403: client.post(f"{LIST}11111111-2222-4333-8444-555555555555/resolve/", headers=key),
        404: client.get(LIST.rstrip("/"), headers=key),
        405: client.put(LIST, headers=key),
        413: client.post(f"{LIST}create/", headers=key, data=b"x" * (5 << 20), content_type="application/json"),
        415: client.post(f"{LIST}create/", headers=key, data=b"x", content_type="text/plain"),
        500: client.get("/mistake", headers=key),
    }

    def unreachable(name):
        raise Broken("/secret/place")

    app.namespaces.get = unreachable
    responses[503] = client.get(LIST, headers=key)
    for status, response in responses.items():
        assert response.status_code == status
        assert response.headers.getlist("Access-Control-Allow-Origin") == [origin], status
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert response.headers.getlist("Vary") == ["Origin"]
        for name in ("Allow", "Location", "Retry-After", "WWW-Authenticate", "X-Accord-Request-Id"):
            assert name in response.headers["Access-Control-Expose-Headers"]


def test_without_an_origin_caches_are_told(client):
    assert client.get(LIST).headers["Vary"] == "Origin"


def test_a_header_that_is_no_origin_is_not_echoed(client):
    assert client.get(LIST, headers={"Origin": "http://a b"}).headers["Access-Control-Allow-Origin"] == "*"


def test_none_of_it_without_cors(contract):
    client = Client(create_app(spec=contract, cors=False))
    for response in (client.get(LIST, headers={"Origin": ORIGIN}), ask(client, LIST), ask(client, f"{LIST}create")):
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control-")]


def test_a_route_that_was_added_has_its_own_say(contract):
    app = create_app(spec=contract)
    own = {"Access-Control-Allow-Origin": "https://only.example", "Vary": "Accept"}
    app.add_url_rule("/own", view_func=lambda: ("own", own), endpoint="own")
    app.add_url_rule("/plain", view_func=lambda: "plain", endpoint="plain", methods=["GET", "PUT"])
    client = Client(app)
    response = client.get("/own", headers={"Origin": ORIGIN})
    assert response.headers.getlist("Access-Control-Allow-Origin") == ["https://only.example"]
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert response.headers["Vary"] == "Accept, Origin"
    asked = ask(client, "/plain", "x-some", "PUT")
    assert asked.status_code == 200
    assert "x-some" in asked.headers["Access-Control-Allow-Headers"]
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
