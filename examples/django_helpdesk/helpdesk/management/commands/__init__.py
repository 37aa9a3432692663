"""Commands of the helpdesk, one a file."""
