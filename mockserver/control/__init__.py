"""What the mock offers besides the documented operations, under a path that none of them can have."""

PREFIX = "/__accord__"

INSIDE = f"{PREFIX}/in/"
"""`/__accord__/in/NAME/…` is `…` in the namespace of that name."""
