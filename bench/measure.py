"""Measuring: what one load costs a server, medians of several rounds, ratios, and how far rounds lie apart."""

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from bench.load import Load, Loader, LoadFailed, Request
from bench.processes import HOST, Process

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Sample:
    """One load on one server: what came of it, and the CPU time that the server used meanwhile."""

    load: Load
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.load.requests / self.load.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of the server per request."""
        return self.cpu_seconds / self.load.requests * 1e6

    @property
    def per_cpu_second(self) -> float:
        """Requests per second of the server's CPU time."""
        return self.load.requests / max(self.cpu_seconds, 1e-6)


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of a workload's samples, one from each round. `spread` is (largest − smallest) ÷ median, of both measures."""

    rate: float
    cpu_us: float
    per_cpu_second: float
    p99_ms: float
    size: float
    rate_spread: float
    cpu_spread: float


def figures(samples: Sequence[Sample]) -> Figures:
    """What is shown of the samples of all rounds."""
    rates = [sample.rate for sample in samples]
    costs = [sample.cpu_us for sample in samples]
    return Figures(
        rate=median(rates),
        cpu_us=median(costs),
        per_cpu_second=median(sample.per_cpu_second for sample in samples),
        p99_ms=median(sample.load.p99_ms for sample in samples),
        size=median(sample.load.size for sample in samples),
        rate_spread=spread(rates),
        cpu_spread=spread(costs),
    )


def spread(values: Sequence[float]) -> float:
    """How far they lie apart, as a part of their median: (largest − smallest) ÷ median."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def ratio(value: float, base: float) -> float:
    """How many times the base; infinite if that is 0."""
    return value / base if base else float("inf")


def measure(
    process: Process, requests: Sequence[Request], headers: Mapping[str, str], load: Loader, seconds: int, warm_up: int
) -> Sample:
    """Load a server and measure it, after `warm_up` seconds of the same load that do not count. Raises LoadFailed."""
    if warm_up:
        load(process.url, requests, headers, warm_up)
    before = process.cpu_seconds()
    done = load(process.url, requests, headers, seconds)
    return Sample(done, process.cpu_seconds() - before)


def check(process: Process, requests: Sequence[Request], headers: Mapping[str, str]) -> None:
    """Send the first few requests, and look at the answers. Raises LoadFailed.

    wrk counts 4xx and 5xx as failures; this sees that the answers are not redirects, nor empty.
    """
    connection = http.client.HTTPConnection(HOST, process.port, timeout=60)
    try:
        for request in requests[:6]:
            connection.request(request.method, request.path, request.body or None, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status not in (200, 201) or not text:
                raise LoadFailed(f"{request.method} {request.path} was answered {answer.status}: {text[:100]!r}")
    except (OSError, http.client.HTTPException) as error:
        raise LoadFailed(repr(error)) from error
    finally:
        connection.close()


def rotated(things: Sequence[Thing], by: int) -> Sequence[Thing]:
    """Return the things in the same order from another start, so that none is always the first of a round."""
    start = by % len(things)
    return [*things[start:], *things[:start]]
