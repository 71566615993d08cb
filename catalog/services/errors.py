from __future__ import annotations

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


def conflict(field: str, message: str) -> ValidationError:
    """A ValidationError on one field, or on the whole object when `field` is empty."""
    return ValidationError({field or NON_FIELD_ERRORS: [message]})
