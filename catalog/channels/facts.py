"""What a record says, as channels ask for it: fields by name, facts, and the category it lies in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from catalog.channels.requirements import Group
from catalog.interchange.records import CATEGORY, LOCALE, ProductRecord, VariantRecord

PRODUCT_FIELDS = ("title", "description", "brand", "product_url", "handle", "tags")
VARIANT_FIELDS = frozenset(
    {
        *("sku", "gtin", "mpn", "price", "compare_at_price", "currency"),
        *("availability", "condition", "weight_grams"),
        *(f"option{n}_value" for n in (1, 2, 3)),
    }
)
# Counted or looked at as a whole.
WHOLE = frozenset({"photos", "variants", "options", "google_category", CATEGORY})
VARIANT, ATTRIBUTE = "variant.", "attribute."
OPTIONS = (1, 2, 3)
# An option of such a name says what the attribute says, in the languages shops name options in.
OPTION_NAMES: Mapping[str, frozenset[str]] = {
    "color": frozenset(
        {"color", "colour", "farbe", "couleur", "colore", "kleur", "cor", "färg", "kolor"}
    ),
    "size": frozenset(
        {"size", "größe", "grösse", "groesse", "taille", "talla", "taglia", "maat", "tamanho"}
        | {"pointure", "shoe size", "schuhgröße"}
    ),
    "material": frozenset({"material", "matériau", "materiale", "materiaal"}),
    "pattern": frozenset({"pattern", "muster", "motif"}),
}


def is_field(name: str) -> bool:
    """Whether a requirement may name it."""
    if name.startswith(VARIANT):
        return name.removeprefix(VARIANT) in VARIANT_FIELDS
    if name.startswith(ATTRIBUTE):
        return bool(name.removeprefix(ATTRIBUTE))
    return name in PRODUCT_FIELDS or name in WHOLE


@dataclass(frozen=True)
class Known:
    """What a record does not say itself. Everything empty: nobody knows.

    `google_ids` are Google's numbers by the paths of categories; `photo_sizes` (width, height) by
    photos' `source`; `shared_gtins` numbers as 14 digits that stand on something else, too.
    """

    google_ids: Mapping[str, str] = field(default_factory=dict)
    photo_sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    shared_gtins: frozenset[str] = frozenset()


class Facts:
    """A record, asked."""

    def __init__(self, record: ProductRecord, known: Known) -> None:
        self.record = record
        self.known = known
        self._groups: dict[int, bool] = {}

    @cached_property
    def variants(self) -> list[VariantRecord]:
        """What is sold: of a record without variants the record itself."""
        return self.record.variants or [VariantRecord()]

    @cached_property
    def category(self) -> str:
        return next(iter(self.record.attributes.get(CATEGORY) or []), "")

    @cached_property
    def google_category(self) -> str:
        """Google's number or path of the category, or of the next above it that has one."""
        if self.category.isdigit() or ">" in self.category:
            return self.category
        return next(self._google_ids(), "")

    def _google_ids(self) -> Iterator[str]:
        path = self.category
        while path:
            if found := self.known.google_ids.get(path):
                yield found
            path = path.rpartition("/")[0]

    def is_in(self, group: Group) -> bool:
        found = self._groups.get(id(group))
        if found is None:
            found = self._groups[id(group)] = self._is_in(group)
        return found

    def _is_in(self, group: Group) -> bool:
        if not self.category or _below(self.category, group.without, "/"):
            return False
        return (
            self.category in group.google
            or _below(self.category, group.categories, "/")
            or _below(self.category, group.names, " > ")
            or any(each in group.google for each in self._google_ids())
        )

    def values(self, name: str, variant: VariantRecord) -> list[str]:
        """The texts of a field; a variant's own, or else its product's. Blank ones are left out."""
        if name.startswith(VARIANT):
            return _texts(variant.fields.get(name.removeprefix(VARIANT)))
        if name.startswith(ATTRIBUTE):
            return self._attribute(name.removeprefix(ATTRIBUTE), variant)
        if name == CATEGORY:
            return _texts(self.category)
        if name == "google_category":
            return _texts(self.google_category)
        if name == "handle":
            return _texts(self.record.fields.get("handle") or self.record.key)
        return _texts(self.record.fields.get(name))

    def _attribute(self, key: str, variant: VariantRecord) -> list[str]:
        own = variant.attributes.get(key)
        if own:
            return _texts(own)
        aliases = OPTION_NAMES.get(key, frozenset({key}))
        for n in OPTIONS:
            if (variant.fields.get(f"option{n}_name") or "").casefold() in aliases:
                return _texts(variant.fields.get(f"option{n}_value"))
        general = self.record.attributes.get(key)
        if general:
            return _texts(general)
        translated = f"{key}{LOCALE}"
        return next(
            (
                _texts(value)
                for name, value in self.record.attributes.items()
                if value and name.startswith(translated)
            ),
            [],
        )

    @staticmethod
    def is_of_variants(name: str) -> bool:
        """Whether each variant has its own answer."""
        return name.startswith((VARIANT, ATTRIBUTE))

    def options(self, variant: VariantRecord) -> tuple[tuple[str, str], ...]:
        pairs = (
            (variant.fields.get(f"option{n}_name"), variant.fields.get(f"option{n}_value"))
            for n in OPTIONS
        )
        return tuple((name or "", value or "") for name, value in pairs if name or value)

    def has_any(self, name: str) -> bool:
        return any(self.values(name, variant) for variant in self.variants)

    def any_is(self, name: str, *values: str) -> bool:
        return any(
            value in values for variant in self.variants for value in self.values(name, variant)
        )


FACTS: Mapping[str, Callable[[Facts], bool]] = {
    "has_variants": lambda facts: len(facts.variants) > 1,
    "has_brand": lambda facts: facts.has_any("brand"),
    "has_gtin": lambda facts: facts.has_any("variant.gtin"),
    "is_used": lambda facts: facts.any_is("variant.condition", "used", "refurbished"),
    "is_new": lambda facts: not facts.any_is("variant.condition", "used", "refurbished"),
    "is_awaited": lambda facts: facts.any_is("variant.availability", "preorder", "backorder"),
}


def _below(path: str, roots: tuple[str, ...], separator: str) -> bool:
    return any(path == root or path.startswith(root + separator) for root in roots)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    listed = value if isinstance(value, list) else [value]
    return [text for each in listed if (text := str(each).strip())]
