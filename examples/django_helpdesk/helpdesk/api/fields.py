"""Fields that take exactly what they say."""

import re
from typing import Any, ClassVar

from django.core.validators import EmailValidator
from rest_framework import serializers

# Python's strip() would take some of these from the ends of a text for white space; refusing them loses nothing.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Text(serializers.CharField):
    """A JSON string, trimmed; the framework's own would turn a number into one."""

    default_error_messages: ClassVar = {"control": "Control characters are not allowed."}

    def to_internal_value(self, data: Any) -> str:
        """Refuse what is no string or could not be kept whole."""
        if not isinstance(data, str):
            self.fail("invalid")
        if _CONTROL.search(data):
            self.fail("control")
        return super().to_internal_value(data)


class Email(Text):
    """An address, in lower case: two spellings of one mailbox are one person."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)
        self.validators.append(EmailValidator("Enter a valid email address."))

    def to_internal_value(self, data: Any) -> str:
        """Fold the case before the address is checked, measured or looked up."""
        return super().to_internal_value(data).lower()


class Choice(serializers.ChoiceField):
    """One of a few words; the message names them, and does not repeat what was sent."""

    def __init__(self, choices: list[str], **options: Any) -> None:
        message = f"Choose one of: {', '.join(choices)}."
        super().__init__(choices, error_messages={"invalid_choice": message}, **options)


class JSONObject(serializers.JSONField):
    """A JSON object, and no other JSON value."""

    default_error_messages: ClassVar = {"no_object": "Expected an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Refuse arrays, strings, numbers and booleans."""
        if not isinstance(data, dict):
            self.fail("no_object")
        return super().to_internal_value(data)


class Timestamp(serializers.DateTimeField):
    """RFC 3339, always with microseconds and a numeric offset, so that every value has one width and sorts as text."""

    def to_representation(self, value: Any) -> str:
        """Write the moment in UTC."""
        return value.isoformat(timespec="microseconds")
