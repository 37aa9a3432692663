"""What the tests of faults have in common."""

FAULTS = "/__accord__/faults"
BROKEN = {"status": 503}


def statuses(api, times, **more):
    """Send list requests, `times` in a row, and return their statuses."""
    return [api.list(**more).status_code for _ in range(times)]


def control(api, method, path="", **more):
    """The response of the control API to a request about faults."""
    return api.request(method, FAULTS + path, key=None, **more)
