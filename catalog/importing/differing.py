"""What of a record differs from what stands, column by column and value by value."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from catalog.importing.cleaning import NEVER_BLANK, Cleaner, clean_column, written
from catalog.importing.known import Present
from catalog.importing.options import Options
from catalog.importing.plans import Headers, Plan, Value, VariantPlan
from catalog.interchange.records import CATEGORY, LOCALE
from catalog.models import CurrentAttribute, Product, Source, Variant
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.variants import VARIANT_FIELDS

PRODUCT_COLUMNS = ("title", "description", "brand", "tags", "product_url")
KEPT = "Kept: a person wrote what stands there."
CLEARS = "Cleared: the cell is blank."
MAX_LOCALE = 20


class Differences:
    """Notes in a plan what of its record is to be written, and what is wrong with it."""

    def __init__(self, plan: Plan, options: Options, headers: Headers, cleaner: Cleaner) -> None:
        self._plan = plan
        self._options = options
        self._headers = headers
        self._cleaner = cleaner

    def found(self) -> bool:
        """Whether there is anything to write."""
        plan = self._plan
        changed = any(each.is_new or each.changes for each in plan.variants)
        return bool(plan.columns or plan.values or plan.cells or changed)

    def product(self) -> None:
        """The product's own columns."""
        plan = self._plan
        assert plan.product is not None
        wrote = plan.present.wrote if plan.present else {}
        for name, text in plan.record.fields.items():
            if name not in PRODUCT_COLUMNS:
                continue
            header = self._headers.of("product", name)
            self._column(plan.product, name, text, (plan.row, header), wrote, plan.said)
            if name in plan.said and plan.said[name] != _stands(plan.product, name):
                value = plan.said[name]
                self._change(header, name, plan.product, value)
                plan.columns[name] = value
                setattr(plan.product, name, value)

    def variant(self, each: VariantPlan) -> None:
        """The columns of one variant."""
        there = self._plan.present
        wrote = there.wrote.get("variants", {}) if there else {}
        own = wrote.get(str(each.row.pk), {}) if each.row.pk else {}
        for name, text in each.record.fields.items():
            if name not in VARIANT_FIELDS:
                continue
            header = self._headers.of("variant", name)
            place = (each.record.row or self._plan.row, header)
            values: dict[str, Any] = {}
            self._column(each.row, name, text, place, own, values)
            if name not in values:
                continue
            value = values[name]
            each.said[name] = written(name, value)
            if written(name, value) != written(name, _stands(each.row, name)):
                if not each.is_new:
                    self._change(f"{header} · {each.row}", name, each.row, value)
                each.changes[name] = value
                setattr(each.row, name, value)
        if each.is_new and there is not None:
            self._plan.changes.append([f"Variant {each.row}", None, str(each.row)])

    def _change(self, what: str, name: str, row: Product | Variant, value: Any) -> None:
        if not row.pk:
            return
        stands = _stands(row, name)
        self._plan.before[row.pk if isinstance(row, Variant) else None, name] = stands
        self._plan.changes.append([what, written(name, stands), written(name, value)])

    def _column(
        self,
        row: Product | Variant,
        name: str,
        text: Any,
        place: tuple[int, str],
        wrote: dict[str, Any],
        said: dict[str, Any],
    ) -> None:
        """Put into `said` what may be written to a column, if anything may."""
        number, header = place
        blank = text in (None, "", [])
        if blank and (name in NEVER_BLANK or not self._options.clears):
            return
        try:
            value = clean_column(type(row), name, text)
        except ValidationError as error:
            self._plan.warn(number, header, f"{' '.join(error.messages)} The value is left out.")
            return
        stands = written(name, _stands(row, name))
        if written(name, value) != stands and row.pk:
            persons = not _is_empty(row, name, stands) and wrote.get(name, _NEVER) != stands
            if persons and not self._options.over_people:
                self._keep(number, header)
                return
            if blank:
                self._plan.note(number, header, CLEARS)
        said[name] = value

    def _keep(self, number: int, header: str) -> None:
        self._plan.note(number, header, KEPT)

    def attributes(self) -> None:
        """The values of attributes, of the product first: what is no variant's own follows."""
        plan = self._plan
        general: dict[tuple[str, str], list | None] = {}
        for name, values in plan.record.attributes.items():
            self._attribute(name, values, None, general)
        for each in plan.variants:
            for name, values in each.record.attributes.items():
                self._attribute(name, values, each, general)

    def _attribute(
        self,
        name: str,
        values: list[str] | None,
        variant: VariantPlan | None,
        general: dict[tuple[str, str], list | None],
    ) -> None:
        if not values and not self._options.clears:
            return
        field, locale = self._cleaner.place(name)
        place = (variant.record.row if variant else self._plan.row, self._header(name, values))
        try:
            value, proposed = self._cleaned(field, locale, values)
        except ValidationError as error:
            self._plan.warn(*place, f"{' '.join(error.messages)} The value is left out.")
            return
        current = _current(self._plan.present, variant, field, locale)
        if variant is None:
            general[field, locale] = value
        elif current is None and value == self._general(field, locale, general):
            return
        if self._is_new(current, value):
            self._say(Value(field, locale, value, variant), current, place, proposed)

    def _header(self, name: str, values: list[str] | None) -> str:
        header = self._headers.of("attribute", name)
        if name == CATEGORY and values:
            # Where nothing else says the category, the type does.
            kind = self._headers.of("product", "type")
            cells = self._plan.record.extra
            if cells.get(header) != values[0] == cells.get(kind):
                return kind
        return header

    def _cleaned(
        self, field: str, locale: str, values: list[str] | None
    ) -> tuple[list | None, list[str]]:
        if len(locale) > MAX_LOCALE:
            raise ValidationError(f"“{locale[:MAX_LOCALE]}…” is no language.")
        return self._cleaner.clean(field, values) if values else (None, [])

    def _general(
        self, field: str, locale: str, general: dict[tuple[str, str], list | None]
    ) -> list | None:
        """What counts of a variant that says nothing of its own."""
        shared = _current(self._plan.present, None, field, locale)
        return general.get((field, locale), shared.value if shared else None)

    def _say(
        self,
        said: Value,
        current: CurrentAttribute | None,
        place: tuple[int, str],
        proposed: list[str],
    ) -> None:
        """Have a value written, unless a person's word stands there that it may not replace."""
        plan = self._plan
        said.over = current is not None and current.locked and self._is_peoples(said.field)
        if said.over and not self._options.over_people:
            self._keep(*place)
            return
        if said.value is None:
            plan.note(*place, CLEARS)
        plan.values.append(said)
        plan.proposals |= {(said.field, word) for word in proposed}
        for word in proposed:
            plan.note(*place, f"“{word}” is not in the list: it is proposed for it.")
        # Of a new product the preview tells its own.
        if plan.present is not None or said.variant is None:
            what = said.field + (LOCALE + said.locale if said.locale else "")
            what += f" · {said.variant.row}" if said.variant else ""
            plan.changes.append([what, current.value if current else None, said.value])

    @staticmethod
    def _is_new(current: CurrentAttribute | None, value: list | None) -> bool:
        """Whether it says something else, or the first to say so was a machine."""
        if current is None:
            return value is not None
        if current.value != value:
            return True
        return current.source in MACHINE_SOURCES and not current.locked

    def _is_peoples(self, field: str) -> bool:
        """Whether a person's word counts before an import's."""
        order = list(self._cleaner.definitions.precedence(field))
        return order.index(Source.PERSON) < order.index(Source.IMPORT)

    def cells(self) -> None:
        """Cells that mean nothing here, kept for who exports the product."""
        plan = self._plan
        holders: list[tuple[VariantPlan | None, dict[str, str]]] = [(None, plan.record.extra)]
        holders += [(each, each.record.extra) for each in plan.variants]
        for variant, extra in holders:
            if not extra:
                continue
            pk = variant.row.pk if variant else None
            known = plan.present.cells.get(pk) if plan.present and (pk or not variant) else None
            cells = {**(known.cells if known else {}), **extra}
            if known is None or known.cells != cells:
                plan.cells.append((variant, cells))
                if plan.present is not None:
                    what = f"Other columns · {variant.row}" if variant else "Other columns"
                    stood = known.cells if known else {}
                    new = {
                        header: text for header, text in cells.items() if stood.get(header) != text
                    }
                    old = {header: stood[header] for header in new if header in stood}
                    plan.changes.append([what, old or None, new])


# What no import wrote.
_NEVER = object()


def _stands(row: Product | Variant, name: str) -> Any:
    return getattr(row, name)


def _is_empty(row: Product | Variant, name: str, stands: Any) -> bool:
    """Whether nobody has said anything: it is blank, or what every new row has."""
    if name == "currency":
        return bool(stands == row.catalog.currency)
    default = row._meta.get_field(name).get_default()  # type: ignore[union-attr]  # noqa: SLF001 -- Django's public model meta
    return stands in (None, "", []) or stands == default


def _current(
    there: Present | None, variant: VariantPlan | None, field: str, locale: str
) -> CurrentAttribute | None:
    if there is None or (variant is not None and variant.is_new):
        return None
    return there.attributes.get((variant.row.pk if variant else None, field, locale))
