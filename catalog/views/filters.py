"""Filters between an address, the search, and the facets and chips that a page shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from catalog.index.payload import PRICE
from catalog.models import Catalog, ProductStatus
from catalog.search.facets import Facets
from catalog.search.query import MISSING, PLAIN_FILTERS, Filters
from catalog.services.attribute_values import CATEGORY
from catalog.views.http import first_message
from catalog.views.present import Labels, color_hex

PREFIX = "f."
PRICE_PARAMETERS = {"price_min": "gte", "price_max": "lte"}
PAGING = ("offset", "ranking", "ask")
SHOWN_OPTIONS = 8
OPEN_FACETS = (CATEGORY, "color", "price")
FIRST = (CATEGORY, "color", "material", "pattern")
LAST = ("brand", "status")


class Facetting:
    """The facets of one answer. Parameters are `f.FIELD`, the two bounds of the price, and `missing`
    for each field that is to be missing.
    """

    def __init__(
        self, catalog: Catalog, address: QueryDict, facets: Facets, filters: Filters
    ) -> None:
        self._catalog = catalog
        self._address = address
        self._counts = facets
        self._filters = filters
        self._labels = Labels(catalog.language)
        chosen = filters.by_field
        paths = {*facets.get(CATEGORY, {}), *chosen.get(CATEGORY, ())}
        self._labels.read({*facets, *chosen}, paths)

    @classmethod
    def asked(cls, address: QueryDict) -> tuple[Filters, list[str]]:
        """The filters of an address that can work, and what is wrong with the others."""
        raw = cls._raw(address)
        try:
            return Filters.parse(raw), []
        except ValidationError:
            fitting, problems = {}, []
        for name, value in raw.items():
            try:
                Filters.parse({name: value})
            except ValidationError as error:
                problems.append(f"{first_message(error)} It is left out.")
            else:
                fitting[name] = value
        return Filters.parse(fitting), problems

    @staticmethod
    def _raw(address: QueryDict) -> dict[str, Any]:
        """The filters as the API takes them."""
        raw: dict[str, Any] = {
            name.removeprefix(PREFIX): address.getlist(name)
            for name in address
            if name.startswith(PREFIX)
        }
        if missing := address.getlist(MISSING):
            raw[MISSING] = missing
        bounds = {
            bound: address[name] for name, bound in PRICE_PARAMETERS.items() if address.get(name)
        }
        return {**raw, "price": bounds} if bounds else raw

    @property
    def chosen(self) -> int:
        """How many filters are on."""
        values = sum(len(texts) for _, texts in self._filters.values)
        return values + len(self._filters.missing) + int(self._filters.has_price)

    @property
    def clear_url(self) -> str:
        """The address of the same search without filters."""
        address = self._first_page()
        for name in list(address):
            if name.startswith(PREFIX) or name in {*PRICE_PARAMETERS, MISSING}:
                del address[name]
        return f"?{address.urlencode()}"

    def facets(self) -> list[dict[str, Any]]:
        """For components/facets.html: category and looks first, brand and status last."""
        names = [name for name in self._counts if name not in {*FIRST, *LAST, PRICE}]
        ordered = [name for name in (*FIRST, *sorted(names), *LAST) if name in self._counts]
        shown = [self._facet(name) for name in ordered]
        price = self._price_facet()
        if price is not None:
            shown.insert(min(2, len(shown)), price)
        return shown

    def _facet(self, name: str) -> dict[str, Any]:
        checked = set(self._filters.by_field.get(name, ()))
        options: list[dict[str, Any]] = [
            {
                "value": value,
                "label": self.label(name, value),
                "count": count,
                "checked": value in checked,
                "hex": color_hex(name, value),
            }
            for value, count in self._counts[name].items()
        ]
        if name == CATEGORY:
            options = self._as_tree(options)
        else:
            options.sort(key=lambda option: (not option["checked"], -option["count"]))
        shown = [
            option for n, option in enumerate(options) if n < SHOWN_OPTIONS or option["checked"]
        ]
        return {
            "name": f"{PREFIX}{name}",
            "label": self.field_label(name),
            "options": shown,
            "more": [option for option in options if option not in shown],
            "open": name in OPEN_FACETS or bool(checked),
            "chosen": len(checked),
        }

    def _as_tree(self, options: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Every category below the one it lies in, the fullest first among its siblings."""
        counts = {option["value"]: option["count"] for option in options}

        def place(option: dict[str, Any]) -> list[tuple[int, str]]:
            steps = option["value"].split("/")
            paths = ["/".join(steps[: n + 1]) for n in range(len(steps))]
            return [(-counts.get(path, 0), path) for path in paths]

        nested = [{**option, "depth": option["value"].count("/")} for option in options]
        return sorted(nested, key=place)

    def _price_facet(self) -> dict[str, Any] | None:
        counts = self._counts.get(PRICE, {})
        if not counts and not self._filters.has_price:
            return None
        bands = [self._band(name, count) for name, count in counts.items()]
        return {
            "range": True,
            "name": PRICE,
            "label": "Price",
            "min": bands[0]["low"] if bands else "",
            "max": bands[-1]["high"] if bands else "",
            "low": self._address.get("price_min", ""),
            "high": self._address.get("price_max", ""),
            "unit": self._catalog.currency,
            "bands": bands,
            "open": True,
        }

    def _band(self, name: str, count: int) -> dict[str, Any]:
        """A band of prices as a link: to the search with it, or without it where it is chosen."""
        low, high = name.split("-")
        chosen = (self._filters.price_gte, self._filters.price_lte) == (float(low), float(high))
        address = self._first_page()
        for parameter, bound in (("price_min", low), ("price_max", high)):
            address.setlist(parameter, [] if chosen else [bound])
        return {
            "low": low,
            "high": high,
            "label": f"{Decimal(low):,f}–{Decimal(high):,f}",
            "count": count,
            "chosen": chosen,
            "url": f"?{address.urlencode()}",
        }

    def field_label(self, name: str) -> str:
        return name.capitalize() if name in PLAIN_FILTERS else self._labels.field(name)

    def label(self, name: str, value: str) -> str:
        if name == "status":
            return str(dict(ProductStatus.choices).get(value, value))
        return value if name == "brand" else self._labels.value(name, value)

    def chips(self) -> list[dict[str, str]]:
        """The filters that are on, each with the address of the search without it."""
        chips = [
            {
                "label": f"{self.field_label(name)}: {self.label(name, value)}",
                "remove_url": self._without(f"{PREFIX}{name}", value),
            }
            for name, values in self._filters.values
            for value in values
        ]
        for name, words in (("price_min", "from"), ("price_max", "to")):
            bound = self._address.get(name)
            if bound and self._filters.has_price:
                label = f"Price {words} {bound} {self._catalog.currency}"
                chips.append({"label": label, "remove_url": self._without(name, bound)})
        chips += [
            {
                "label": f"Without {self.field_label(name).lower()}",
                "remove_url": self._without(MISSING, name),
            }
            for name in self._filters.missing
        ]
        return chips

    def _without(self, name: str, value: str) -> str:
        address = self._first_page()
        address.setlist(name, [each for each in address.getlist(name) if each != value])
        return f"?{address.urlencode()}"

    def _first_page(self) -> QueryDict:
        address = self._address.copy()
        for name in PAGING:
            address.pop(name, None)
        return address
