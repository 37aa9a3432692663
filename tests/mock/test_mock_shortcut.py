"""Plain calls bypass Flask's contexts without any visible difference: what is added to the application still sees them."""

import flask.signals
import pytest
from flask import Flask, Response, abort, g, request
from werkzeug.test import Client

from mockserver.app import MockApp, create_app
from mockserver.handling.pipeline import Pipeline

LIST = "/api/v1/conversations/"


@pytest.fixture
def app(contract):
    return create_app(spec=contract)


@pytest.fixture
def key(app):
    return {"X-API-Key": app.namespace.standard_keys.server}


@pytest.fixture
def through_flask(monkeypatch):
    """Record the paths of the calls that go through Flask."""
    calls = []
    dispatch = Flask.full_dispatch_request
    monkeypatch.setattr(Flask, "full_dispatch_request", lambda self: calls.append(request.path) or dispatch(self))
    return calls


def test_both_ways_answer_the_same(contract, through_flask):
    def responses(make_client):
        app = create_app(spec=contract, clock=None)
        client, headers = make_client(app), {"X-API-Key": app.namespace.standard_keys.client}
        listed = client.get(LIST, query_string={"limit": 3}, headers=headers)
        one = f"{LIST}{listed.json['results'][0]['id']}/"
        found = [
            listed,
            client.get(LIST),
            client.get(LIST, query_string={"limit": "x"}, headers=headers),
            client.get(one, headers=headers),
            client.get(f"{one}messages/", headers=headers),
            client.post(f"{one}resolve/", headers=headers),
            client.post(f"{one}messages/create/", headers=headers, json={"body": ""}),
            client.post(f"{LIST}create/", headers=headers, data=b"{", content_type="application/json"),
            client.get(one.replace("-", "0"), headers=headers),
            client.head(LIST, headers=headers),
        ]
        told = [{name: value for name, value in response.headers if name != "X-Accord-Request-Id"} for response in found]
        assert all("X-Accord-Request-Id" in response.headers for response in found)
        return [(response.status, headers, response.data) for response, headers in zip(found, told, strict=True)]

    straight = responses(Client)
    assert len(through_flask) == 2  # the path that no id has, and HEAD
    assert responses(lambda app: app.test_client()) == straight


def before(app, seen):
    app.before_request(lambda: seen.append(request.path))


def after(app, seen):
    app.after_request(lambda response: seen.append(request.path) or response)


def teardown(app, seen):
    app.teardown_request(lambda error: seen.append(request.path))


def teardown_of_context(app, seen):
    app.teardown_appcontext(lambda error: seen.append(g.get("path", LIST)))


def signal(app, seen):
    app.extensions["receiver"] = receiver = lambda sender, **_: seen.append(request.path)
    flask.signals.request_started.connect(receiver, app)


def another_view(app, seen):
    view = app.view_functions["listConversations"]
    app.view_functions["listConversations"] = lambda: seen.append(request.path) or view()


def middleware(app, seen):
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start: seen.append(environ["PATH_INFO"]) or inner(environ, start)


@pytest.mark.parametrize("add", [before, after, teardown, teardown_of_context, signal, another_view, middleware])
@pytest.mark.parametrize("late", [False, True], ids=["at first", "after a call"])
def test_what_is_added_sees_the_calls(app, key, add, late):
    client, seen = Client(app), []
    if late:
        assert client.get(LIST, headers=key).status_code == 200
    add(app, seen)
    assert client.get(LIST, headers=key).status_code == 200
    assert seen == [LIST]


def test_a_hook_that_answers_is_obeyed(app, key):
    app.before_request(lambda: abort(Response("closed for lunch", 503)))
    assert Client(app).get(LIST, headers=key).text == "closed for lunch"


def test_a_route_beneath_the_documented_ones_is_found(app, key):
    app.add_url_rule(f"{LIST}00000000-0000-4000-8000-000000000000/", view_func=lambda: "mine", endpoint="mine")
    assert Client(app).get(f"{LIST}00000000-0000-4000-8000-000000000000/").text == "mine"
    assert Client(app).get(LIST, headers=key).status_code == 200


def test_a_route_elsewhere_leaves_the_calls_alone(app, key, through_flask):
    app.add_url_rule("/hello", view_func=lambda: "hello", endpoint="hello")
    assert Client(app).get(LIST, headers=key).status_code == 200
    assert through_flask == []
    assert Client(app).get("/hello").text == "hello"


def test_a_subclass_may_change_anything(contract, monkeypatch, through_flask):
    class Mine(MockApp):
        def make_response(self, value):
            return super().make_response("mine")

    monkeypatch.setattr("mockserver.app.MockApp", Mine)
    mine = create_app(spec=contract)
    monkeypatch.undo()
    assert Client(mine).get(LIST).text == "mine"


class Mistaken(Pipeline):
    def handle(self, operation, caller, checked, request):
        raise ZeroDivisionError("a mistake")


@pytest.fixture
def mistaken(contract):
    return create_app(spec=contract, pipeline=Mistaken)


def test_a_mistake_in_a_part_is_a_500(mistaken, key, caplog):
    response = Client(mistaken).get(LIST, headers=key)
    assert (response.status_code, response.content_type) == (500, "application/json")
    assert "ZeroDivisionError: a mistake" in caplog.text


def test_a_mistake_in_a_part_reaches_the_handlers_that_were_added(mistaken, key):
    mistaken.register_error_handler(ZeroDivisionError, lambda error: (f"caught {error}", 418))
    assert Client(mistaken).get(LIST, headers=key).text == "caught a mistake"


def test_a_mistake_in_a_part_is_raised_in_tests(mistaken, key):
    mistaken.testing = True
    with pytest.raises(ZeroDivisionError):
        Client(mistaken).get(LIST, headers=key)
