"""Where the observers of the choices are found, by name."""

BASE = "/api/v1/conversations/"

OBSERVED = {}
"""For each choice, a function that tells from a mock's answers which option it takes."""


def observe(function):
    OBSERVED[function.__name__] = function
    return function
