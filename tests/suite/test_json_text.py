"""What is JSON is read as JSON, however long its numbers and however deep its nesting."""

import pytest

from contract_tests.contract.json_text import DEEPEST, parse
from contract_tests.judging.mismatches import responses, shown
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.transport.exchange import Call, Exchange
from tests.sampling import chosen

NINES = b"9" * 5000


def exchange(body: bytes) -> Exchange:
    return Exchange(Call("GET", "/"), "http://x/", 200, {"content-type": "application/json"}, body, 0.0)


@pytest.mark.parametrize("number", [NINES, b"-" + NINES, b"1" + b"0" * 200_000])
def test_a_long_number_is_json_and_the_same_only_as_itself(number: bytes) -> None:
    body = b'{"n": [' + number + b"]}"
    assert responses.not_json(exchange(body)) is None
    assert json_mismatch(parse(body), parse(body)) is None
    assert isinstance(parse(number), int)
    different = json_mismatch(parse(body), parse(body.replace(b"]", b"0]")))
    assert different is not None
    assert "digits)" in different.actual
    assert str(2**64) not in shown(parse(body))


@pytest.mark.parametrize("levels", chosen([DEEPEST - 1, DEEPEST, DEEPEST + 1, 2000, 100_000], range(4)))
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"[": ', b', "b": {}}]')])
def test_deep_nesting_is_json_and_the_same_only_as_itself(levels: int, opening: bytes, closing: bytes) -> None:
    body = opening * levels + b'"x"' + closing * levels
    assert responses.not_json(exchange(body)) is None
    assert json_mismatch(parse(body), parse(body)) is None
    assert json_mismatch(parse(body), parse(body.replace(b'"x"', b'"y"'))) is not None
    assert shown(parse(body))


@pytest.mark.parametrize("body", [b"NaN", b'{"a": Infinity}', b"[" * 5000, b"[" * 5000 + b"]" * 4999, b"{} {}", b"1" * 5000 + b"x"])
def test_what_is_not_json_is_called_so(body: bytes) -> None:
    assert responses.not_json(exchange(body)) is not None


def test_brackets_in_a_text_are_no_nesting() -> None:
    assert parse(b'{"a": "' + b"[{" * 500 + b'"}') == {"a": "[{" * 500}
