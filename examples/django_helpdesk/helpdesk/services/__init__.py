"""What the helpdesk does, apart from how it is asked over HTTP."""
