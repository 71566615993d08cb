from __future__ import annotations

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError


def conflict(field: str, message: str) -> ValidationError:
    """A ValidationError on one field, or on the whole object when `field` is empty."""
    return ValidationError({field or NON_FIELD_ERRORS: [message]})


class unique_handled:  # noqa: N801 -- reads as the context manager it is
    """Turns the database's refusal of a second SKU or handle into a message on the field."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, IntegrityError):
            return
        # PostgreSQL names the constraint, SQLite the column; values may hold either word.
        text = str(error)
        if "sku_unique_in_catalog" in text or "catalog_variant.sku" in text:
            raise conflict("sku", "Another product of this catalogue has this SKU.") from error
        if "handle_unique_in_catalog" in text or "catalog_product.handle" in text:
            message = "Another product of this catalogue has this handle."
            raise conflict("handle", message) from error
