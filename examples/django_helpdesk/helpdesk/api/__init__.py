"""The HTTP API over the helpdesk."""
