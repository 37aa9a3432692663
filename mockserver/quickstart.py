"""Requests to try, as lines for a shell."""

from mockserver.namespaces.namespace import Namespace


def curl_lines(url: str, namespace: Namespace) -> list[str]:
    """Three lines that work when pasted: list, create, and resolve or, where nothing is open, get the closed ones."""
    key = namespace.standard_keys.server if namespace.standard_keys else "$ACCORD_SERVER_KEY"
    base = f"{url}/api/v1/conversations/"
    curl = f'curl -H "X-API-Key: {key}"'
    json = "-H 'Content-Type: application/json'"
    body = """'{"subject": "Where is my parcel?", "user_email": "ada@example.com"}'"""
    lines = [f"{curl} '{base}?limit=2'", f"{curl} {json} -d {body} '{base}create/'"]
    with namespace.store.transaction():
        unresolved = namespace.store.conversations(namespace.scenario.organisations[0], status="open").page(0, 1)
    if unresolved and namespace.standard_keys:
        return [*lines, f"{curl} -X POST '{base}{unresolved[0].id}/resolve/'"]
    return [*lines, f"{curl} '{base}?status=closed'"]
