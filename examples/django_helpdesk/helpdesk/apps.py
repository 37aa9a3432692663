"""How Django knows the application."""

from django.apps import AppConfig


class HelpdeskConfig(AppConfig):
    """The helpdesk application."""

    name = "helpdesk"
