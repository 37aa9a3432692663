"""Who is asking: a key, in either of the two headers."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from helpdesk.models import ApiKey, Organisation


class ApiKeyAuthentication(BaseAuthentication):
    """Take `X-API-Key: KEY` or `Authorization: Bearer KEY`; the first wins when both are sent."""

    def authenticate(self, request: Request) -> tuple[Organisation, ApiKey]:
        """Return the organisation and its key, or refuse the request: nothing is open to anonymous clients."""
        plaintext = request.headers.get("X-API-Key") or self._bearer_token(request)
        # A key is ASCII, and a header that is not cannot always be encoded.
        key = self._find(plaintext) if plaintext and plaintext.isascii() else None
        if key is None:
            raise AuthenticationFailed("Invalid or revoked API key.")
        return key.organisation, key

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, which makes the refusal a 401 and not a 403."""
        return 'Bearer realm="api"'

    @staticmethod
    def _bearer_token(request: Request) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @staticmethod
    def _find(plaintext: str) -> ApiKey | None:
        usable = ApiKey.objects.filter(digest=ApiKey.digest_of(plaintext), revoked_at=None)
        return usable.select_related("organisation").first()
