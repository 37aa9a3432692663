"""Django answers in HTML when no view takes a request; an API's clients want JSON there too."""

from django.http import HttpRequest, JsonResponse


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer 400 to a request Django itself finds malformed."""
    return JsonResponse({"detail": "Malformed request."}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer 403 to a request Django itself forbids."""
    return JsonResponse({"detail": "Forbidden."}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer 404 to a path that is no route."""
    return JsonResponse({"detail": "Not found."}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer 500 without telling more than that."""
    return JsonResponse({"detail": "Internal server error."}, status=500)
