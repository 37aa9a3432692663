"""Organisations that share nothing: a database for each, in which the same ids are given."""

import itertools
from typing import Any

from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp
from tests.variations.records import with_ids
from tests.variations.registry import variation
from tests.variations.seams import Environ, with_others


def tenants(first: int, second: int) -> WsgiApp:
    """A server with a database for each organisation, whose ids count from these numbers on."""
    counters = itertools.count(first), itertools.count(second)
    apps = [with_ids(lambda counter=counter: str(next(counter))) for counter in counters]  # type: ignore[misc]
    other = StandardKeys.of(DEFAULT_SEED).other_server

    def routed(environ: Environ, start_response: Any) -> Any:
        sent = environ.get("HTTP_X_API_KEY"), environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        return apps[other in sent](environ, start_response)

    return routed


@variation("a-database-per-tenant")
def database_per_tenant() -> WsgiApp:
    """Each organisation has a database of its own, and ids count from 1 in both."""
    return tenants(1, 1)


@variation("a-database-per-tenant-with-others", spare=True)
def database_per_tenant_with_others() -> WsgiApp:
    """The same, and in both are conversations of others already."""
    return with_others(tenants(1, 1), 300)


@variation("a-database-per-tenant-apart", spare=True)
def database_per_tenant_apart() -> WsgiApp:
    """Each organisation has a database of its own, and the other one is a hundred conversations ahead."""
    return tenants(1, 101)
