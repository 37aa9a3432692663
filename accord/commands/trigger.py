"""`accord trigger`: fire a webhook event of a running mock."""

import json
import urllib.error
import urllib.request
from typing import Any

import click

from accord.base.errors import AccordError
from accord.base.redaction import hide
from accord.configuration import option

_USUAL_URL = "http://127.0.0.1:4010"
_SECONDS = 10


@click.command(name="trigger")
@click.argument("event")
@option("--conversation", metavar="ID", required=True, help="The conversation that the event is about.")
@option("--mock-url", metavar="URL", default=_USUAL_URL, show_default=True, help="The mock.")
@option("--namespace", metavar="NAME", help="The namespace in which the conversation is. Default: the default one.")
@option("--control-token", metavar="T", help="The mock's --control-token, where it has one.")
def command(event: str, conversation: str, mock_url: str, namespace: str | None, control_token: str | None) -> int:
    """Fire a webhook event of a running mock, such as conversation.assigned, whether or not it happened.

    The event is sent to whoever subscribed to it. Exits with 1 if nobody did.
    """
    headers = {"Content-Type": "application/json"}
    if namespace:
        headers["X-Accord-Namespace"] = namespace
    if control_token:
        hide([control_token])
        headers["Authorization"] = f"Bearer {control_token}"
    fired = _post(f"{mock_url.rstrip('/')}/__accord__/webhooks/trigger", {"event": event, "conversation": conversation}, headers)
    count = len(fired["deliveries"])
    click.echo(f"{event}: {count} deliver{'y' if count == 1 else 'ies'}" if count else f"{event}: nobody subscribed to it")
    return 0 if count else 1


def _post(url: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    """The JSON value of the response. Raises AccordError if there is none, or a refusal."""
    # Do not use a proxy from the environment: the mock is nearby, and only the mock may see the token.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with opener.open(request, timeout=_SECONDS) as response:
            value = json.load(response)
    except urllib.error.HTTPError as error:
        raise AccordError(f"The mock refused it ({error.code}): {_detail(error)}", "Correct the command.") from error
    except (OSError, ValueError) as error:
        raise AccordError(f"There is no mock at {url}: {error}.", "Start one by `accord mock`, or give its --mock-url.") from error
    if not isinstance(value, dict) or not isinstance(value.get("deliveries"), list):
        raise AccordError(f"What responds at {url} is no mock of this version.", "Give the URL of a mock by --mock-url.")
    return value


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return "without saying why."
