"""What a key may do, and from where."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from helpdesk.models import ApiKey

if TYPE_CHECKING:
    # The framework's views load this module while they are being loaded themselves.
    from rest_framework.views import APIView


class AdmittedByKey(BasePermission):
    """The key may be used from the request's origin or application.

    A restricted key without either header is refused: whoever leaves the header out is not one of the allowed places.
    """

    message = "This key may not be used from this origin."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Compare the origin and the application that the request names with those that the key allows."""
        key = request.auth
        return isinstance(key, ApiKey) and key.admits(request.headers.get("Origin", ""), request.headers.get("X-Bundle-Id", ""))


class ServerKeyOnly(BasePermission):
    """The key gives full access."""

    message = "This needs a server key."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Refuse client keys."""
        return request.auth.is_server
