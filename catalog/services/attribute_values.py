"""What may stand in a field: values checked and brought into the form the ledger keeps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from catalog.models import AttributeDefinition, AttributeKind, Category, Term, TermState
from catalog.models.sources import PRECEDENCE

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
CHOICES = frozenset({AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE})


class Definitions:
    """The definitions of some fields with their terms, read once for many values.

    `paths` are paths of categories that will be asked for, if they are known beforehand.
    """

    def __init__(self, fields: Iterable[str], paths: Iterable[str] = ()) -> None:
        rows = AttributeDefinition.objects.filter(key__in=set(fields)).prefetch_related("terms")
        self.by_key = {row.key: row for row in rows}
        known = Category.objects.filter(path__in=set(paths))
        self.paths = frozenset(known.values_list("path", flat=True))
        self._standing = {
            row.key: {term.key: term_standing(term, terms) for term in terms.values()}
            for row in self.by_key.values()
            if (terms := {term.pk: term for term in row.terms.all()})
        }

    def machine_may_set(self, field: str) -> bool:
        """Whether what a machine says of the field counts before somebody accepts it."""
        definition = self.by_key.get(field)
        return definition is None or definition.machine_may_set

    def precedence(self, field: str) -> Sequence[str]:
        """Whose word counts in the field, the first before the others."""
        definition = self.by_key.get(field)
        return definition.precedence or PRECEDENCE if definition else PRECEDENCE

    def today(self, field: str, value: list | None) -> list | None:
        """A value of the ledger in today's terms: merged ones as what they were merged into."""
        standing = self._standing.get(field)
        if not value or not standing:
            return value
        return list(dict.fromkeys(standing[v].key if v in standing else v for v in value))

    def undisputed(self, field: str, value: list | None) -> list | None:
        """Of a machine's value in today's terms what counts before a person decides: no terms of a
        closed list that are only proposed, or were rejected.
        """
        definition = self.by_key.get(field)
        if not value or definition is None or not definition.closed:
            return value
        standing = self._standing.get(field, {})
        unsettled = {TermState.PROPOSED, TermState.REJECTED}
        return [v for v in value if v not in standing or standing[v].state not in unsettled]

    def offered(self, field: str, value: list | None) -> list:
        """Of a value in today's terms what filters offer: nothing that is not in the vocabulary."""
        if field == CATEGORY:
            return value or []
        definition = self.by_key.get(field)
        if definition is None or not value:
            return []
        if definition.kind not in CHOICES:
            return value
        standing = self._standing.get(field, {})
        # An open list is what its products say, but for what somebody decided against.
        open_to = (
            {TermState.ACTIVE} if definition.closed else {TermState.ACTIVE, TermState.PROPOSED}
        )
        return [
            each
            for each in value
            if (standing[each].state in open_to if each in standing else not definition.closed)
        ]


def term_standing(term: Term, terms: Mapping[int, Term]) -> Term:
    """What a term was merged into, however many merges lead there; itself if it was not.

    `terms` are those of its attribute by their ids.
    """
    passed = set()
    while (target := terms.get(term.merged_into_id or 0)) is not None and term.pk not in passed:
        passed.add(term.pk)
        term = target
    return term


def clean_value(field: str, value: Any, definitions: Definitions | None = None) -> list | None:
    """The value as a JSON list of the field's type, or None for deliberately empty.

    Accepts a single value or a list; choice values by key or by label in any language. A value that
    a closed list does not have is refused, with the list in the message; `term_propose` keeps such
    a value for a person to decide on. `definitions` are the field's, where they were read already.
    Raises ValidationError keyed by the field, or by "attributes" where the field's name is no text.
    """
    check_text(ATTRIBUTES, field)
    values = _as_list(value)
    if values is None:
        return None
    for each in values:
        check_text(field, each)
        if not isinstance(each, (str, int, float, Decimal)):
            raise ValidationError({field: ["Give text or a number, or a list of them."]})
    if len(values) > MAX_VALUES:
        raise ValidationError({field: [f"Give at most {MAX_VALUES} values."]})
    if field == CATEGORY:
        return [_category_path(values, definitions.paths if definitions else frozenset())]
    if field in COLUMN_FIELDS:
        return [str(values[0])]
    definition = (definitions or Definitions([field])).by_key.get(field)
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


def _category_path(values: list, known: frozenset[str]) -> str:
    wanted = str(values[0]).strip("/")
    if wanted in known or Category.objects.filter(path=wanted).exists():
        return wanted
    matches = [c for c in Category.objects.all() if _named(c.labels, c.slug, wanted)]
    if len(matches) != 1:
        message = f"There is no category “{wanted}”. Choose one of the vocabulary's tree."
        raise ValidationError({CATEGORY: [message]})
    return matches[0].path


def _named(labels: dict[str, str], key: str, wanted: str) -> bool:
    names = {key.casefold(), *(str(label).casefold() for label in labels.values())}
    return wanted.casefold() in names


def _text(definition: AttributeDefinition, values: list) -> list:
    texts = _words(definition, values)
    if any(len(text) > MAX_TEXT for text in texts):
        raise ValidationError({definition.key: [f"Use at most {MAX_TEXT} characters."]})
    return texts


def _words(definition: AttributeDefinition, values: list) -> list[str]:
    """Values as text. What JSON writes otherwise would be stored as Python writes it."""
    if any(isinstance(value, bool) for value in values):
        raise ValidationError({definition.key: ["Give text or a number."]})
    return [str(value) for value in values]


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
    terms = {term.pk: term for term in definition.terms.all()}
    chosen: list[str] = []
    for value in _words(definition, values):
        key = _term_key(definition, terms, value)
        if key not in chosen:
            chosen.append(key)
    return chosen


def _term_key(definition: AttributeDefinition, terms: Mapping[int, Term], value: str) -> str:
    for term in terms.values():
        if _named(term.labels, term.key, value):
            standing = term_standing(term, terms)
            if standing.state == TermState.ACTIVE:
                return standing.key
    if not definition.closed:
        return slugify(value, allow_unicode=True)[:80] or value[:80]
    active = ", ".join(term.key for term in terms.values() if term.state == TermState.ACTIVE)
    raise ValidationError({definition.key: [f"“{value}” is not one of its values: {active}."]})


_CLEANERS = {
    AttributeKind.TEXT: _text,
    AttributeKind.NUMBER: _number,
    AttributeKind.BOOLEAN: _boolean,
    AttributeKind.CHOICE: _choices,
    AttributeKind.MULTI_CHOICE: _choices,
}
