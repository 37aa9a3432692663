"""Reading JSON, and no more of it than can be stored and given back as it came."""

import json
import math
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 64


class StrictJSONParser(JSONParser):
    """JSON as RFC 8259 has it, in UTF-8.

    Python reads more than that: NaN, numbers that overflow to infinity, lone surrogates, and nesting deeper than it can
    write again. If they were accepted here, each of them would fail later, so each is refused.
    """

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: dict[str, Any] | None = None) -> Any:
        """Return the body's value."""
        try:
            value = json.loads(stream.read().decode(), parse_constant=_refuse_constant, parse_float=_finite)
            _check_depth(value)
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ParseError("JSON parse error: a lone surrogate is no character.") from error
        except UnicodeDecodeError as error:
            raise ParseError("JSON parse error: the body is not UTF-8.") from error
        except ValueError as error:
            raise ParseError(f"JSON parse error: {error}") from error
        except RecursionError as error:
            raise ParseError("JSON parse error: nested too deeply.") from error
        return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise ValueError("a number is out of range")
    return number


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
