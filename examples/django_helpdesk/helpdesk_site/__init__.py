"""The Django project around the helpdesk application."""
