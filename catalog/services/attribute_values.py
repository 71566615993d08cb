"""What may stand in a field: values checked and brought into the form the ledger keeps."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from catalog.models import AttributeDefinition, AttributeKind, Category, Term, TermState

CATEGORY = "category"
# What a message is keyed by that cannot be keyed by the attribute's own name.
ATTRIBUTES = "attributes"
# Fields of the ledger that are columns of the product or its variants, not vocabulary attributes.
# People write the columns; what a machine says of them is a suggestion until somebody accepts it.
COLUMN_FIELDS = frozenset(
    {"title", "description", "price", "compare_at_price", "cost", "alt_text", "brand"}
)
MAX_TEXT = 2000
MAX_VALUES = 40


def clean_value(field: str, value: Any) -> list | None:
    """The value as a JSON list of the field's type, or None for deliberately empty.

    Accepts a single value or a list; choice values by key or by label in any language. A value that
    a closed list does not have is refused, with the list in the message; `term_propose` keeps such
    a value for a person to decide on. Raises ValidationError keyed by the field, or by
    "attributes" where the field's name is no text.
    """
    check_text(ATTRIBUTES, field)
    values = _as_list(value)
    if values is None:
        return None
    for each in values:
        check_text(field, each)
    if len(values) > MAX_VALUES:
        raise ValidationError({field: [f"Give at most {MAX_VALUES} values."]})
    if field == CATEGORY:
        return [_category_path(field, values)]
    if field in COLUMN_FIELDS:
        return [str(values[0])]
    definition = AttributeDefinition.objects.filter(key=field).first()
    if definition is None:
        raise ValidationError({field: [f"There is no attribute “{field}” in the vocabulary."]})
    return _CLEANERS[AttributeKind(definition.kind)](definition, values)


def check_text(field: str, value: Any) -> None:
    """Refuse what no database can keep as text, with a ValidationError on the field."""
    if isinstance(value, str) and ("\x00" in value or not _encodable(value)):
        raise ValidationError({field: ["This text holds characters that cannot be stored."]})


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_list(value: Any) -> list | None:
    if value is None:
        return None
    values = list(value) if isinstance(value, (list, tuple, set)) else [value]
    values = [v.strip() if isinstance(v, str) else v for v in values]
    return [v for v in values if v not in ("", None)] or None


def _category_path(field: str, values: list) -> str:
    wanted = str(values[0]).strip("/")
    category = Category.objects.filter(path=wanted).first()
    if category is None:
        matches = [c for c in Category.objects.all() if _named(c.labels, c.slug, wanted)]
        if len(matches) != 1:
            raise ValidationError(
                {field: [f"There is no category “{wanted}”. Choose one of the vocabulary's tree."]}
            )
        category = matches[0]
    return category.path


def _named(labels: dict[str, str], key: str, wanted: str) -> bool:
    names = {key.casefold(), *(str(label).casefold() for label in labels.values())}
    return wanted.casefold() in names


def _text(definition: AttributeDefinition, values: list) -> list:
    texts = [str(value) for value in values]
    if any(len(text) > MAX_TEXT for text in texts):
        raise ValidationError({definition.key: [f"Use at most {MAX_TEXT} characters."]})
    return texts


def _number(definition: AttributeDefinition, values: list) -> list:
    try:
        number = Decimal(str(values[0]).replace(",", "."))
    except InvalidOperation as error:
        message = f"“{values[0]}” is not a number."
        raise ValidationError({definition.key: [message]}) from error
    if not (number.is_finite() and math.isfinite(float(number))):
        raise ValidationError({definition.key: ["Give a finite number."]})
    return [float(number)]


def _boolean(definition: AttributeDefinition, values: list) -> list:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    answer = words.get(str(values[0]).casefold())
    if answer is None:
        raise ValidationError({definition.key: ["Answer yes or no."]})
    return [answer]


def _choices(definition: AttributeDefinition, values: list) -> list:
    if definition.kind == AttributeKind.CHOICE and len(values) > 1:
        raise ValidationError({definition.key: ["Choose one value."]})
    terms = list(definition.terms.select_related("merged_into"))
    chosen: list[str] = []
    for value in values:
        key = _term_key(definition, terms, str(value))
        if key not in chosen:
            chosen.append(key)
    return chosen


def _term_key(definition: AttributeDefinition, terms: list[Term], value: str) -> str:
    for term in terms:
        if _named(term.labels, term.key, value):
            if term.state == TermState.MERGED and term.merged_into:
                return term.merged_into.key
            if term.state == TermState.ACTIVE:
                return term.key
    if not definition.closed:
        return slugify(value, allow_unicode=True)[:80] or value[:80]
    active = ", ".join(term.key for term in terms if term.state == TermState.ACTIVE)
    raise ValidationError({definition.key: [f"“{value}” is not one of its values: {active}."]})


_CLEANERS = {
    AttributeKind.TEXT: _text,
    AttributeKind.NUMBER: _number,
    AttributeKind.BOOLEAN: _boolean,
    AttributeKind.CHOICE: _choices,
    AttributeKind.MULTI_CHOICE: _choices,
}
