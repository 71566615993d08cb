"""The projection of products to the text they are found by."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction

from catalog.models import CatalogWord, CurrentAttribute, Product, ProductText, Variant
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.attribute_values import CATEGORY
from catalog.textsearch import normalise

CHUNK = 500
MIN_WORD = 3
SEPARATOR = ", "
KIND_SEPARATOR = "\t"

# The lines of a document, in order. Codes are SKUs, GTINs and MPNs, with tabs between the kinds.
FIELDS = ("title", "brand", "category", "tags", "options", "codes")

# What of a row is part of its product's text.
PRODUCT_FIELDS = frozenset({"title", "brand", "tags", "category", "category_id"})
VARIANT_FIELDS = frozenset(
    {"product", "product_id", "sku", "gtin", "mpn", "deleted_at"}
    | {f"option{n}_value" for n in (1, 2, 3)}
)


def text_documents_refresh(product_ids: Iterable[int]) -> None:
    """Bring the texts of these products up to date, inside the caller's transaction.

    Texts that did not change are not written.
    """
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic(savepoint=False):
            _refresh(ids[start : start + CHUNK])


def tokens(document: str) -> Iterator[tuple[str, str]]:
    """The tokens of a document as (field, token as written)."""
    *lines, code_line = document.split("\n")
    for field, line in zip(FIELDS, lines, strict=False):
        for token in normalise.TOKEN.findall(line) if line else ():
            yield field, token
    for kind in code_line.split(KIND_SEPARATOR):
        for code in kind.split(SEPARATOR) if kind else ():
            yield "codes", code


def codes(document: str) -> dict[str, list[str]]:
    """The product's codes by kind: sku, gtin, mpn."""
    kinds = document.rpartition("\n")[2].split(KIND_SEPARATOR)
    return {
        name: [each for each in line.split(SEPARATOR) if each]
        for name, line in zip(("sku", "gtin", "mpn"), kinds, strict=True)
    }


def _refresh(ids: Sequence[int]) -> None:
    # The lock makes two writers of one product take turns: the second reads what the first wrote.
    rows = ProductText.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    known = {row.pk: row for row in rows}
    fresh = list(_texts(ids))
    changed = [row for row in fresh if not _same(known.get(row.pk), row)]
    if not changed:
        return
    ProductText.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["product"],
        update_fields=["catalog", "document", "words"],
    )
    words: dict[int, set[str]] = defaultdict(set)
    for row in changed:
        words[row.catalog_id].update(_vocabulary(row.document))
    for catalog_id, each in words.items():
        _add_words(catalog_id, each)


def _same(old: ProductText | None, new: ProductText) -> bool:
    return (
        old is not None
        and old.catalog_id == new.catalog_id
        and old.document == new.document
        and old.words == new.words
    )


def _texts(ids: Sequence[int]) -> Iterator[ProductText]:
    """The texts as they should be. A category that only a machine believes in is left out: found by
    its looks, a product stands where they put it; a word says that somebody said so.
    """
    variants: dict[int, list[dict[str, Any]]] = defaultdict(list)
    options = ("option1_value", "option2_value", "option3_value")
    for variant in (
        Variant.objects.filter(product_id__in=ids, deleted_at=None)
        .order_by("position", "pk")
        .values("product_id", "sku", "gtin", "mpn", *options)
    ):
        variants[variant["product_id"]].append(variant)
    guessed = set(
        CurrentAttribute.objects.filter(
            product_id__in=ids, field=CATEGORY, source__in=MACHINE_SOURCES, locked=False
        ).values_list("product_id", flat=True)
    )
    products = Product.objects.filter(pk__in=ids).values(
        "pk", "catalog_id", "title", "brand", "tags", "category__labels", "category__slug"
    )
    for product in products.order_by("pk"):
        parts = variants[product["pk"]]
        lines = [
            _tidy(product["title"]),
            _tidy(product["brand"]),
            _line([] if product["pk"] in guessed else _labels(product)),
            _line(product["tags"] if isinstance(product["tags"], list) else []),
            _line(part[option] for part in parts for option in options),
            KIND_SEPARATOR.join(
                _line(part[name] for part in parts) for name in ("sku", "gtin", "mpn")
            ),
        ]
        document = "\n".join(lines)
        yield ProductText(
            product_id=product["pk"],
            catalog_id=product["catalog_id"],
            document=document,
            words=" ".join(sorted(_lexemes(document))),
        )


def _labels(product: Mapping[str, Any]) -> list[str]:
    labels = product["category__labels"]
    found = list(labels.values()) if isinstance(labels, dict) else []
    return found or [(product["category__slug"] or "").replace("-", " ")]


def _tidy(value: object) -> str:
    """One line, its accents composed: what tokens are cut from."""
    return " ".join(unicodedata.normalize("NFC", str(value)).split())


def _line(values: Iterable[object]) -> str:
    return SEPARATOR.join(dict.fromkeys(text for each in values if (text := _tidy(each))))


def _lexemes(document: str) -> set[str]:
    found: set[str] = set()
    for field, token in tokens(document):
        forms = normalise.forms(token)
        found |= forms.words | forms.singulars
        if field == "title":
            found |= {normalise.TITLE_WORD + word for word in forms.singulars}
    title = normalise.key(document.partition("\n")[0])
    by_kind = codes(document)
    exact = [normalise.key(each) for name in ("sku", "mpn") for each in by_kind[name]]
    exact += [normalise.gtin(each) for each in by_kind["gtin"]]
    found |= {normalise.CODE + each for each in exact if each}
    return found | ({normalise.WHOLE_TITLE + title} if title else set())


def _vocabulary(document: str) -> set[str]:
    words: set[str] = set()
    for field, token in tokens(document):
        if field != "codes":
            words |= normalise.forms(token).words
    return {word for word in words if len(word) >= MIN_WORD and word.isalpha()}


def _add_words(catalog_id: int, words: set[str]) -> None:
    ordered = sorted(words)
    for start in range(0, len(ordered), CHUNK):
        some = ordered[start : start + CHUNK]
        there = CatalogWord.objects.filter(catalog_id=catalog_id, word__in=some)
        missing = set(some) - set(there.values_list("word", flat=True))
        CatalogWord.objects.bulk_create(
            CatalogWord(catalog_id=catalog_id, word=word) for word in sorted(missing)
        )
