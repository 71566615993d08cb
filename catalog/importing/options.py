"""How a person wants a file to be imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from catalog.models import ImportMode, ProductStatus
from catalog.services.attribute_values import check_text

SKU, GTIN, HANDLE = "sku", "gtin", "handle"
KEEP, CLEAR = "keep", "clear"
HANDLE_MARK = "{handle}"
# By what a known product is looked for, in turn: the first that names one counts.
ORDERS = {
    SKU: (SKU, GTIN, HANDLE),
    GTIN: (GTIN, SKU, HANDLE),
    HANDLE: (HANDLE, SKU, GTIN),
}
_CHOICES: dict[str, frozenset[str]] = {
    "mode": frozenset(ImportMode.values),
    "match_by": frozenset(ORDERS),
    "blanks": frozenset({KEEP, CLEAR}),
    "status": frozenset(ProductStatus.values),
}


@dataclass(frozen=True)
class Options:
    """`mode` says whether products are created, updated or both; `match_by` by what known ones are
    found; `blanks` whether an empty cell empties what stands; `over_people` whether a person's word
    gives way; `status` is what new products get, unless with `file_status` the file says what they
    and known ones are to be; `refetch` fetches photos again that an earlier import has brought from
    the same address; `product_pages` is the address of a product's page in the shop, with
    `{handle}` in place of its handle, for products of which the file does not tell it.
    """

    mode: str = ImportMode.BOTH
    match_by: str = SKU
    blanks: str = KEEP
    over_people: bool = False
    status: str = ProductStatus.DRAFT
    file_status: bool = False
    refetch: bool = False
    product_pages: str = ""

    @property
    def order(self) -> tuple[str, ...]:
        return ORDERS[self.match_by]

    @property
    def clears(self) -> bool:
        return self.blanks == CLEAR

    def page_of(self, handle: str) -> str:
        """The address of a product's page in the shop; empty where nothing was said of it."""
        return self.product_pages.replace(HANDLE_MARK, handle) if handle else ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Options:
        """Raises ValidationError by option for a name or value that there is not."""
        wrong = {name: ["There is no such option."] for name in said if name not in _NAMES}
        for name, choices in _CHOICES.items():
            # What comes as JSON may be of any kind.
            if name in said and str(said[name]) not in choices:
                wrong[name] = [f"Choose one of {', '.join(sorted(choices))}."]
        for name in ("over_people", "file_status", "refetch"):
            if not isinstance(said.get(name, False), bool):
                wrong[name] = ["Answer true or false."]
        try:
            if (pages := said.get("product_pages", "")) != "":
                _check_pages(pages)
        except ValidationError as error:
            wrong["product_pages"] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return cls(**said)


def _check_pages(pages: Any) -> None:
    if not isinstance(pages, str) or HANDLE_MARK not in pages:
        raise ValidationError(f"Write {HANDLE_MARK} where the product's handle stands.")
    check_text("product_pages", pages)
    URLValidator(schemes=["http", "https"])(pages.replace(HANDLE_MARK, "handle"))


_NAMES = frozenset(Options.__dataclass_fields__)
