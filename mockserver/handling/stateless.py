"""Operations that a contract document adds to those that the mock has rules for: checked, and responded to by their examples.

Nothing is kept. Each response says so by the header X-Accord-Stateless, which no other response has.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson

from accord.base.errors import AccordError
from mockserver.contract.document import Operation, Parameter
from mockserver.contract.schema import Violation
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.refusal import Refusal, invalid_value

STATELESS_HEADER = "X-Accord-Stateless"
"""A response that has it was made from an example, and the mock remembers nothing of the request."""


class Steps(Protocol):
    """What is needed of the pipeline."""

    validator: Validator

    def authenticate(self, request: Request, operation: Operation) -> object:
        """Raise Refusal unless the request may be made with its key."""

    def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
        """Return the response to a request that was refused."""


class Stateless:
    """One added operation."""

    def __init__(self, operation: Operation, source: str) -> None:
        """Raise AccordError, naming the place, if the example that would be shown is not what its schema says."""
        self._operation = operation
        self._place = f"{operation.method} {operation.path} {operation.successes[0]}"
        self._success = operation.responses[str(operation.successes[0])]
        for example in self._success.examples[:1]:
            violations = [] if self._success.schema is None else self._success.schema.violations(example)
            if violations:
                raise AccordError(
                    f"{source}: the example of {self._place} is not as its schema says: "
                    f"{violations[0].place}: {violations[0].message}",
                    "Correct the contract document.",
                )

    def respond(self, steps: Steps, request: Request) -> Response:
        """Return the response to a request: the first example of the lowest success, or a refusal."""
        try:
            steps.authenticate(request, self._operation)
            violations = [*self._of_path(request), *self._of_query(request), *self._of_body(request, steps.validator)]
            if violations:
                raise invalid_value(violations)
            response = self._example()
        except Refusal as refusal:
            response = steps.refused(self._operation, request, refusal)
        return response._replace(headers={**response.headers, STATELESS_HEADER: "true"})

    def _example(self) -> Response:
        status = self._operation.successes[0]
        if not self._success.media:
            return Response(status, b"")
        if not self._success.examples:
            raise HttpRefusal(501, f"The mock has no rules for this operation, and {self._place} has no example in JSON to show.")
        return Response.json(status, self._success.examples[0])

    def _of_path(self, request: Request) -> Iterator[Violation]:
        for parameter in self._operation.in_path:
            if parameter.name in request.path:
                yield from _wrong(parameter, [request.path[parameter.name]])

    def _of_query(self, request: Request) -> Iterator[Violation]:
        sent: dict[str, list[str]] = {}
        for name, text in parse_qsl(request.query, keep_blank_values=True):
            sent.setdefault(name, []).append(text)
        for parameter in self._operation.query:
            if parameter.name in sent:
                yield from _wrong(parameter, sent[parameter.name])
            elif parameter.required:
                yield Violation((parameter.name,), "required", "This field is required.")

    def _of_body(self, request: Request, validator: Validator) -> Sequence[Violation]:
        body = self._operation.body
        if body is None:
            return ()
        data = validator.read_bytes(request)
        return () if not data and not body.required else body.schema.violations(validator.decode(data))


def _wrong(parameter: Parameter, texts: list[str]) -> Sequence[Violation]:
    """Return what is wrong with a parameter sent as these texts. It is valid if its schema allows any reading of them."""
    read = [parameter.schema.violations(value) for value in _readings(texts)]
    if not all(read):
        return ()
    # If no reading is valid, the error of one with the right type says more than a wrong type.
    told = next((found for found in read if found[0].keyword != "type"), read[0])
    return [Violation((parameter.name, *one.path), one.keyword, one.message) for one in told]


def _readings(texts: list[str]) -> Iterator[Any]:
    """Yield what the texts may mean: a text, number or boolean, or a list of these, sent as a repeated parameter (`explode`)."""
    for value in (texts[-1], texts):
        yield _plain(value)
        yield value


def _plain(value: str | list[str]) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    try:
        plain = orjson.loads(value)
    except ValueError:
        return value
    return plain if isinstance(plain, int | float) else value
