"""What the mock offers besides the documented operations, under a path that none of them can have."""

PREFIX = "/__accord__"
