"""Routes of the project, and the JSON answers to requests that reach no view."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("helpdesk.api.urls"))]

handler400 = "helpdesk_site.errors.bad_request"
handler403 = "helpdesk_site.errors.forbidden"
handler404 = "helpdesk_site.errors.not_found"
handler500 = "helpdesk_site.errors.server_error"
