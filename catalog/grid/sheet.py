"""What stands in cells, as text and as values: one form for showing, copying, pasting and comparing.

What a cell shows can be pasted back without changing anything. Several values are written with
commas, one that has a comma itself in quotes; several texts of one attribute on a line each.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field

from catalog.grid.columns import FIXED, Column, Kind, Level, column_in_language, columns_of
from catalog.models import (
    AttributeDefinition,
    Catalog,
    Category,
    Product,
    Term,
    TermState,
    Variant,
)
from catalog.money import money_text
from catalog.selectors import categories_to_choose
from catalog.services.attribute_values import Definitions, check_text, clean_value

STEP = " › "
YES, NO = "Yes", "No"
NOTHING_HERE = "There is no such cell: change the product's own row, or the variant's."
NO_CATEGORY = "There is no category “{}”. Choose one of the vocabulary's tree."
SEVERAL = "Several categories are called “{}”. Give the path of one: {}."
FACT = "This column cannot be edited here."
_PLAIN_MONEY = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Sheet:
    """The columns of a catalogue's grid, and what may stand in them. Reads the vocabulary once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._definitions = {row.key: row for row in AttributeDefinition.objects.all()}
        self.columns = columns_of(self._definitions, catalog.language)
        self._terms: dict[str, list[Term]] = {}
        self._trails: dict[str, str] = {}
        self._cleaning: dict[str, Definitions] = {}
        self._parsed: dict[tuple[str, str], tuple[Any, str] | ValidationError] = {}

    def column(self, key: str) -> Column | None:
        """A column by its key, also in a language that the vocabulary does not speak."""
        return self.columns.get(key) or column_in_language(
            key, self._definitions, self.catalog.language
        )

    def known(self, keys: Iterable[str]) -> list[Column]:
        """The columns that there are among some keys, in their order."""
        return [column for key in dict.fromkeys(keys) if (column := self.column(key)) is not None]

    def read(self, columns: Iterable[Column], paths: Iterable[str] = ()) -> None:
        """Read what texts of these columns and categories need, in a query each."""
        names = {column.name for column in columns if _has_terms(column)} - self._terms.keys()
        self._terms.update({name: [] for name in names})
        if names:
            rows = Term.objects.filter(attribute__key__in=names).select_related("attribute")
            for term in rows.order_by("position", "key"):
                self._terms[term.attribute.key].append(term)
        unknown = set(paths) - self._trails.keys()
        if unknown:
            self._read_trails(unknown)

    def _read_trails(self, paths: set[str]) -> None:
        above = {part for path in paths for part in _trail(path)}
        labels = {
            row.path: row.label(self.catalog.language)
            for row in Category.objects.filter(path__in=above)
        }
        for path in paths:
            self._trails[path] = STEP.join(labels.get(step, step) for step in _trail(path))

    def options(self, column: Column) -> list[str]:
        """What an editor offers in a column that has a list."""
        if column.key in FIXED:
            return list(FIXED[column.key].values())
        if column.kind == Kind.CATEGORY:
            return list(self._offered.values())
        if column.kind == Kind.BOOLEAN:
            return [YES, NO]
        if not _has_terms(column):
            return []
        self.read([column])
        active = [term for term in self._terms[column.name] if term.state == TermState.ACTIVE]
        return [term.label(self.catalog.language) for term in active]

    @cached_property
    def _offered(self) -> dict[str, str]:
        """The categories that are offered with their trails, by path, as the tree goes."""
        nodes = categories_to_choose(self.catalog)
        label = {path: node.label(self.catalog.language) for path, node in nodes.items()}
        found = {
            path: STEP.join(label.get(step, step) for step in _trail(path))
            for path in sorted(nodes)
        }
        self._trails |= found
        return found

    def text(self, column: Column, value: Any) -> str:
        """What a cell with this value shows."""
        if value is None or value in ("", []):
            return ""
        if column.level != Level.ATTRIBUTE:
            return _FIELD_TEXTS[column.kind](value, column)
        return self._said(column, value if isinstance(value, list) else [value])

    def _said(self, column: Column, values: list) -> str:
        if column.kind == Kind.CATEGORY:
            path = str(values[0])
            self.read((), [path])
            return self._trails[path]
        if column.kind in {Kind.CHOICE, Kind.CHOICES}:
            return joined([self._label(column, str(each)) for each in values])
        if column.kind == Kind.BOOLEAN:
            return YES if values[0] else NO
        if column.kind == Kind.NUMBER:
            return ", ".join(_number(each) for each in values)
        return "\n".join(str(each) for each in values)

    def _label(self, column: Column, key: str) -> str:
        self.read([column])
        terms = (term for term in self._terms[column.name] if term.key == key)
        term = next(terms, None)
        return term.label(self.catalog.language) if term else key

    def parse(self, column: Column, text: str) -> tuple[Any, str]:
        """What a text means in a column: the value for services, and how the cell shows it then.

        Raises ValidationError with messages, also for a column that is no one's to edit.
        """
        key = (column.key, text)
        if key not in self._parsed:
            try:
                self._parsed[key] = self._parse(column, text)
            except ValidationError as error:
                self._parsed[key] = error
        found = self._parsed[key]
        if isinstance(found, ValidationError):
            raise found
        return found

    def _parse(self, column: Column, text: str) -> tuple[Any, str]:
        check_text(column.name, text)
        if not column.editable:
            raise ValidationError(FACT)
        stripped = text.strip()
        if column.level == Level.ATTRIBUTE:
            value = self._attribute(column, stripped)
        elif not stripped:
            value = [] if column.kind == Kind.TAGS else _empty(column)
            _field(column).clean(value, None)
        else:
            value = _FIELD_VALUES.get(column.kind, _as_is)(column, stripped)
            value = _field(column).clean(value, None)
        return value, self.text(column, value)

    def _attribute(self, column: Column, text: str) -> list | None:
        if not text:
            return None
        values = self._values(column, text)
        if column.kind == Kind.CATEGORY:
            return [*values]
        if column.name not in self._cleaning:
            self._cleaning[column.name] = Definitions([column.name])
        return clean_value(column.name, values, self._cleaning[column.name])

    def _values(self, column: Column, text: str) -> list[str]:
        if column.kind == Kind.CATEGORY:
            return [self._path(text)]
        if column.kind == Kind.CHOICES or (column.kind == Kind.CHOICE and text.startswith('"')):
            return split(text)
        if column.kind == Kind.LONG_TEXT:
            return [line.strip() for line in text.splitlines() if line.strip()]
        if column.kind == Kind.NUMBER and column.unit:
            return [text.removesuffix(column.unit).strip()]
        return [text]

    def _path(self, text: str) -> str:
        """The path of a category by its trail, path, label or slug. Raises ValidationError."""
        steps = [step.strip().casefold() for step in re.split(r"[›>]", text)]
        paths = self._named.get(STEP.join(steps), set()) or self._named.get(text.casefold(), set())
        if len(paths) == 1:
            return next(iter(paths))
        if paths:
            raise ValidationError(SEVERAL.format(text, ", ".join(sorted(paths))))
        raise ValidationError(NO_CATEGORY.format(text))

    @cached_property
    def _named(self) -> dict[str, set[str]]:
        """The paths of categories by all that people call them."""
        nodes = {node.path: node for node in Category.objects.all()}
        labels = {path: node.label(self.catalog.language) for path, node in nodes.items()}
        found: dict[str, set[str]] = {}
        for path, node in nodes.items():
            trail = STEP.join(labels.get(step, step) for step in _trail(path))
            for name in {path, trail, node.slug, *map(str, node.labels.values())}:
                found.setdefault(name.casefold(), set()).add(path)
        return found


def _has_terms(column: Column) -> bool:
    return column.level == Level.ATTRIBUTE and column.kind in {Kind.CHOICE, Kind.CHOICES}


def _trail(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[: n + 1]) for n in range(len(steps))]


def joined(values: Iterable[str]) -> str:
    """Values with commas between them; one with a comma or a quote in it is quoted."""
    return ", ".join(
        '"' + each.replace('"', '""') + '"' if "," in each or each.startswith('"') else each
        for each in values
    )


def split(text: str) -> list[str]:
    """The values of a text, the other way round; also with a line each."""
    lines = csv.reader(io.StringIO(text), skipinitialspace=True)
    try:
        values = [value.strip() for line in lines for value in line]
    except csv.Error as error:
        raise ValidationError("This cannot be read as values with commas between them.") from error
    return [value for value in values if value]


def _number(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _model(column: Column) -> type[Product | Variant]:
    return Product if column.level == Level.PRODUCT else Variant


def _field(column: Column) -> Field:
    field: Field = _model(column)._meta.get_field(column.name)  # type: ignore[assignment]  # noqa: SLF001 -- Django's public model meta
    return field


def _empty(column: Column) -> Any:
    return None if _field(column).null else ""


def _as_is(_column: Column, text: str) -> Any:
    return text.upper() if _column.name == "currency" else text


def _tags(_column: Column, text: str) -> list[str]:
    return list(dict.fromkeys(split(text)))


def money_value(text: str) -> Decimal:
    """An amount as people and spreadsheets write it: 12.50, 12,50, 1,234.50, 1.234,50, 1 234.50.

    Raises ValidationError for what can be read in two ways, such as 1,234.
    """
    plain = re.sub(r"[\s\u00a0\u202f']", "", text).strip("$€£¥")
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if comma < point else "."
        plain = plain.replace(thousands, "").replace(",", ".")
    elif plain.count(",") == 1 and len(plain) - comma - 1 != 3:  # noqa: PLR2004 -- digits of a thousand
        plain = plain.replace(",", ".")
    if not _PLAIN_MONEY.fullmatch(plain):
        raise ValidationError(f"“{text}” is not an amount. Write it like 1234.50.")
    return Decimal(plain)


def _whole(column: Column, text: str) -> int:
    plain = text.removesuffix(column.unit).strip() if column.unit else text
    try:
        number = Decimal(plain)
        if number == int(number):
            return int(number)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise ValidationError(f"“{text}” is not a whole number.")


def _fixed(column: Column, text: str) -> str:
    choices = FIXED[column.key]
    wanted = text.casefold()
    for value, label in choices.items():
        if wanted in {value.casefold(), str(label).casefold()}:
            return str(value)
    raise ValidationError(f"“{text}” is none of {', '.join(map(str, choices.values()))}.")


_FIELD_VALUES: Mapping[Kind, Callable[[Column, str], Any]] = {
    Kind.MONEY: lambda _column, text: money_value(text),
    Kind.WHOLE: _whole,
    Kind.CHOICE: _fixed,
    Kind.TAGS: _tags,
}
_FIELD_TEXTS: Mapping[Kind, Callable[..., str]] = {
    Kind.MONEY: lambda value, _column: money_text(value) or "",
    Kind.CHOICE: lambda value, column: str(FIXED[column.key].get(value, value)),
    Kind.TAGS: lambda value, _column: joined(value),
    **{
        kind: lambda value, _column: str(value)
        for kind in (Kind.TEXT, Kind.LONG_TEXT, Kind.WHOLE, Kind.FACT)
    },
}


def same(one: str, other: str) -> bool:
    """Whether two texts of a cell are the same; browsers write line ends in their own way."""
    return one.replace("\r\n", "\n") == other.replace("\r\n", "\n")
