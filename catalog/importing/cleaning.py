"""Text of a file as columns and the ledger keep it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from catalog.importing.categories import Categories
from catalog.models import AttributeDefinition, Product, Term, TermState, Variant
from catalog.models.shapes import check_tags
from catalog.money import money_text
from catalog.services.attribute_values import (
    CATEGORY,
    CHOICES,
    Definitions,
    check_text,
    clean_value,
    term_standing,
)

MONEY = frozenset({"price", "compare_at_price", "cost"})
# A blank in them says nothing: they always have a value.
NEVER_BLANK = frozenset({"availability", "condition", "currency", "status", "handle"})


def clean_column(model: type[Product | Variant], name: str, text: Any) -> Any:
    """A field's value of what a file says; a blank as the column keeps it.

    Raises ValidationError.
    """
    if name == "tags":
        tags = [tag.strip() for tag in text or [] if isinstance(tag, str) and tag.strip()]
        check_tags(tags)
        return list(dict.fromkeys(tags))
    column = model._meta.get_field(name)  # noqa: SLF001 -- Django's public model meta
    if text in (None, ""):
        return None if column.null else ""
    check_text(name, text)
    value = text.strip() if isinstance(text, str) else text
    if name == "currency":
        value = value.upper()
    limit = getattr(column, "max_length", None)
    if limit and isinstance(value, str) and len(value) > limit:
        raise ValidationError(f"It has {len(value)} characters, and at most {limit} fit.")
    return column.clean(value, None)  # type: ignore[union-attr]


def written(name: str, value: Any) -> Any:
    """A column's value as JSON, by which it is compared and shown."""
    if value is None or name not in MONEY:
        return value
    return money_text(value)


class Cleaner:
    """Cleans the values of attributes against the vocabulary, read once for many records.

    Values that a closed list lacks are kept as the keys of terms that are `proposed`: (attribute,
    word). Nothing is written here.
    """

    def __init__(self, fields: Iterable[str], language: str) -> None:
        self.definitions = Definitions(fields)
        self._categories: Categories | None = None
        self._language = language
        self._kept: dict[tuple[str, tuple[str, ...]], tuple[list | None, list[str], str]] = {}

    def place(self, name: str) -> tuple[str, str]:
        """The field and the language that an attribute's name in a record means."""
        field, _, locale = name.partition("@")
        return field, "" if locale == self._language else locale

    def clean(self, field: str, values: Sequence[str]) -> tuple[list | None, list[str]]:
        """The value as the ledger keeps it, and the words of it to be proposed as terms.

        Raises ValidationError.
        """
        known = (field, tuple(values))
        if known not in self._kept:
            try:
                self._kept[known] = (*self._cleaned(field, values), "")
            except ValidationError as error:
                self._kept[known] = (None, [], " ".join(error.messages))
        value, proposed, message = self._kept[known]
        if message:
            raise ValidationError(message)
        return value, proposed

    def _cleaned(self, field: str, values: Sequence[str]) -> tuple[list | None, list[str]]:
        if field == CATEGORY:
            if self._categories is None:
                self._categories = Categories()
            return [self._categories.path(values)], []
        definition = self.definitions.by_key.get(field)
        if definition is None or not definition.closed or definition.kind not in CHOICES:
            return clean_value(field, list(values), self.definitions), []
        keys, proposed = [], []
        for word in values:
            try:
                keys += clean_value(field, word, self.definitions) or []
            except ValidationError:
                check_text(field, word)
                keys.append(_proposed(definition, word))
                proposed.append(word)
        if definition.kind == "choice" and len(set(keys)) > 1:
            raise ValidationError("Choose one value.")
        return list(dict.fromkeys(keys)) or None, proposed


def _proposed(definition: AttributeDefinition, word: str) -> str:
    """The key of the term that a word is or will be. Raises ValidationError for one that somebody
    decided against, and for what is no name.
    """
    wanted = " ".join(word.split())
    key = slugify(wanted, allow_unicode=True)[:80]
    if not key:
        raise ValidationError(f"“{word}” is no name for a value.")
    terms: dict[int, Term] = {term.pk: term for term in definition.terms.all()}
    for term in terms.values():
        names = {term.key, *(str(label).casefold() for label in term.labels.values())}
        if key in names or wanted.casefold() in names:
            standing = term_standing(term, terms)
            if standing.state == TermState.REJECTED:
                message = f"“{word}” was decided against: it is no value of the vocabulary."
                raise ValidationError(message)
            return standing.key
    return key
