"""The products that an address names: some by their ids, a search, or the list with its filters."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict

from catalog import selectors
from catalog.browsing import Browse
from catalog.models import Catalog, Product, ProductStatus
from catalog.search import matching_products
from catalog.search.query import MISSING
from catalog.views.filters import PREFIX, PRICE_PARAMETERS
from catalog.views.http import ids
from catalog.views.questions import LITERAL, READ
from catalog.views.search import asked_of

MOST_BY_ID = 500
# Says that the rest of the address is a search's; without it, the product list's.
SEARCH = ("from", "search")
SEARCHED = frozenset(
    {"q", "photo", "like", "text_weight", MISSING, READ, LITERAL, *PRICE_PARAMETERS}
)


@dataclass(frozen=True)
class Chosen:
    """Some products, in words, and the parameters by which an address names them again."""

    products: QuerySet[Product]
    words: str
    address: list[tuple[str, str]]
    notice: str = ""


def chosen_products(catalog: Catalog, address: QueryDict, user_id: int | None) -> Chosen:
    """What the address of a page, or the form made from it, names; all products when nothing."""
    if "product" in address:
        wanted = ids(address.getlist("product"))[:MOST_BY_ID]
        products = selectors.products_in(catalog).filter(pk__in=wanted)
        return Chosen(products, "the products you chose", [("product", str(pk)) for pk in wanted])
    if address.get(SEARCH[0]) == SEARCH[1]:
        return _searched(catalog, address, user_id)
    browse = Browse.of(address)
    words = "all products that match"
    if browse == Browse(order=browse.order):
        words = "all products"
    elif browse == Browse(status=browse.status, order=browse.order):
        label = str(dict(ProductStatus.choices)[browse.status]).lower()
        words = f"all products that are {label}"
    return Chosen(browse.products(catalog), words, browse.parameters())


def _searched(catalog: Catalog, address: QueryDict, user_id: int | None) -> Chosen:
    asked = asked_of(catalog, address)
    names = [name for name in asked.address if name in SEARCHED or name.startswith(PREFIX)]
    kept = [(name, value) for name in names for value in asked.address.getlist(name)]
    text = asked.query.text
    return Chosen(
        products=selectors.products_in(catalog).none()
        if asked.is_lost
        else matching_products(catalog=catalog, query=asked.query, user_id=user_id),
        words=f"what matches “{text}”" if text else "what your search finds",
        address=[SEARCH, *kept],
        notice=asked.notice,
    )
