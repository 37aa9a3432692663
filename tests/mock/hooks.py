"""What the tests of webhooks have in common."""

import time

from tests.mock.receiver import SECRET

HOOKS = "/__accord__/webhooks"


def control(api, method, path, **body):
    return api.request(method, f"{HOOKS}{path}", key=None, json=body or None)


def subscribe(api, **settings):
    response = control(api, "POST", "", **{"secret": SECRET, **settings})
    assert response.status_code == 201, response.text
    return response.json


def deliveries(api):
    return control(api, "GET", "/deliveries").json["results"]


def until(condition, seconds=5.0):
    """Wait for something that another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def states(api):
    return [one["state"] for one in deliveries(api)]
