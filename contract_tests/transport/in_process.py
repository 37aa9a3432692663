"""A server in this process, reached by an adapter of `requests` in place of a connection."""

from collections.abc import Mapping

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from contract_tests.transport.encodings import LARGEST, TooLarge, decoded
from contract_tests.transport.http import NoResponse, Oversized, RawResponse


class Adapted:
    """A line whose requests an adapter answers."""

    def __init__(self, adapter: BaseAdapter, base_url: str, timeout: float) -> None:
        self._adapter = adapter
        self._base_url = base_url
        self._timeout = timeout

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, grace: float = 0.0) -> RawResponse:
        """Hand over a request and return the response, which is always waited for.

        Raises NoResponse where the adapter raises an error of its library.
        """
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, self._base_url + target, body
        request.headers = CaseInsensitiveDict(headers)
        try:
            response = self._adapter.send(request, timeout=self._timeout)
            content = response.content
            # What is no stream, `requests` leaves as the application sent it.
            if response.raw is None and content and "content-encoding" in response.headers:
                content = decoded(content, response.headers["content-encoding"])
        except TooLarge as error:
            raise Oversized(str(error)) from error
        except requests.RequestException as error:
            raise NoResponse(str(error)) from error
        if len(content) > LARGEST:
            raise Oversized(f"the response body is larger than {LARGEST >> 20} MiB")
        return RawResponse(response.status_code, {name.lower(): value for name, value in response.headers.items()}, content)

    def close(self) -> None:
        """Close the adapter."""
        self._adapter.close()
