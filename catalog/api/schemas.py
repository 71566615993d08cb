"""What goes in and comes out of the API. Money is a decimal string, ids are integers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, cast

from django.http import HttpRequest
from django.urls import reverse
from ninja import Schema
from pydantic import ConfigDict, Field

from catalog.activity import describe_state, embed_state
from catalog.models import Catalog, CurrentAttribute, Placement, Product, Variant
from catalog.money import money_text
from catalog.search import Hit, SearchResult
from catalog.search.asking import Reading
from catalog.services.attribute_values import COLUMN_FIELDS
from catalog.views.http import MAX_DIGITS

IMAGE_WIDTH = 960
# What a column of ids can be compared with, and a column of text: no NUL, which PostgreSQL refuses.
Id = Annotated[int, Field(ge=0, lt=10**MAX_DIGITS)]
STORABLE = r"^[^\x00]*$"
Strength = Literal["exact", "strong", "weak"]


class Strict(Schema):
    """A body in which a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid")


class CatalogIn(Strict):
    name: str = Field(min_length=1, max_length=120)
    currency: str = "EUR"


class CatalogOut(Schema):
    slug: str
    name: str
    currency: str
    language: str
    role: str | None = None

    @classmethod
    def of(cls, catalog: Catalog, role: str | None) -> CatalogOut:
        return cls(
            slug=catalog.slug,
            name=catalog.name,
            currency=catalog.currency,
            language=catalog.language,
            role=role,
        )


class ImageOut(Schema):
    url: str
    role: str
    alt_text: str
    width: int
    height: int
    variant: str | None = Field(None, description="SKU of the variant it shows")

    @classmethod
    def of(cls, placement: Placement, request: HttpRequest) -> ImageOut:
        path = reverse("catalog:photo", args=[placement.photo_id, IMAGE_WIDTH])
        return cls(
            url=request.build_absolute_uri(path),
            role=placement.role,
            alt_text=placement.alt_text,
            width=placement.photo.width,
            height=placement.photo.height,
            variant=placement.variant.sku if placement.variant else None,
        )


class VariantOut(Schema):
    id: int
    sku: str
    gtin: str
    mpn: str
    options: dict[str, str]
    price: str | None
    compare_at_price: str | None
    cost: str | None
    currency: str
    weight_grams: int | None
    availability: str
    condition: str

    @classmethod
    def of(cls, variant: Variant) -> VariantOut:
        return cls(
            id=variant.pk,
            sku=variant.sku,
            gtin=variant.gtin,
            mpn=variant.mpn,
            options=variant.options,
            price=money_text(variant.price),
            compare_at_price=money_text(variant.compare_at_price),
            cost=money_text(variant.cost),
            currency=variant.currency,
            weight_grams=variant.weight_grams,
            availability=variant.availability,
            condition=variant.condition,
        )


class AttributeOut(Schema):
    value: list[Any] | None
    source: str
    confidence: float | None
    locked: bool

    @classmethod
    def of(cls, row: CurrentAttribute) -> AttributeOut:
        return cls(value=row.value, source=row.source, confidence=row.confidence, locked=row.locked)


class ProductOut(Schema):
    """A product. The variant's fields at its top are those of the first variant, if any."""

    id: int
    catalog: str
    handle: str
    sku: str
    title: str
    description: str
    brand: str
    tags: list[str]
    status: str
    approved_version: int | None = Field(
        None, description="The number of the version that it was approved as last"
    )
    changed_since_approval: bool = Field(
        False, description="It is approved, and no longer as that version"
    )
    added_since_approval: bool = Field(
        False,
        description="It is as that version, but for what machines have added since, by themselves",
    )
    product_url: str
    url: str
    price: str | None
    compare_at_price: str | None
    cost: str | None
    currency: str
    variants: list[VariantOut]
    images: list[ImageOut]
    embed_state: str
    describe_state: str
    category: str | None
    attributes: dict[str, AttributeOut]
    duplicate: bool = False

    @classmethod
    def of(cls, product: Product, request: HttpRequest, *, duplicate: bool = False) -> ProductOut:
        """From a product with its details loaded."""
        variants = [VariantOut.of(variant) for variant in product.variants.all()]
        first = variants[0] if variants else None
        rows = product.current_attributes.all()
        return cls(
            id=product.pk,
            catalog=product.catalog.slug,
            handle=product.handle,
            sku=first.sku if first else "",
            title=product.title,
            description=product.description,
            brand=product.brand,
            tags=product.tags,
            status=product.status,
            approved_version=vars(product)["approved_version"],
            changed_since_approval=product.changed_since_approval,
            added_since_approval=product.added_since_approval,
            product_url=product.product_url,
            url=request.build_absolute_uri(product.get_absolute_url()),
            price=first.price if first else None,
            compare_at_price=first.compare_at_price if first else None,
            cost=first.cost if first else None,
            currency=first.currency if first else product.catalog.currency,
            variants=variants,
            images=[ImageOut.of(placement, request) for placement in product.placements.all()],
            embed_state=embed_state(product),
            describe_state=describe_state(product),
            category=product.category.path if product.category else None,
            attributes={
                row.field: AttributeOut.of(row)
                for row in rows
                if row.variant_id is None and row.field not in COLUMN_FIELDS
            },
            duplicate=duplicate,
        )


class ProductPage(Schema):
    products: list[ProductOut]
    next_cursor: str | None = Field(None, description="None on the last page")


class ProductPatch(Strict):
    """Fields that are left out stay as they are. Attributes are set as a person; null empties."""

    title: str | None = None
    description: str | None = None
    brand: str | None = None
    status: Literal["draft", "in_review", "approved", "archived"] | None = None
    tags: list[str] | None = None
    product_url: str | None = None
    handle: str | None = None
    sku: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    cost: Decimal | None = None
    currency: str | None = None
    weight_grams: int | None = None
    availability: str | None = None
    condition: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)


class ReasonOut(Schema):
    kind: str
    text: str


class HitOut(Schema):
    product: ProductOut
    score: float
    strength: Strength
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, hit: Hit, request: HttpRequest) -> HitOut:
        return cls(
            product=ProductOut.of(hit.product, request),
            score=hit.score,
            strength=cast("Strength", hit.strength),
            reasons=[ReasonOut(kind=each.kind, text=each.text) for each in hit.reasons],
        )


class ReadPartOut(Schema):
    said: str
    field: str = Field(description='A filter, "price", or "missing"')
    value: str


class ReadAsOut(Schema):
    """How a question was read."""

    words: str
    filters: dict[str, Any]
    missing: list[str]
    by: str = Field(description='"rules" or "model"')
    note: str = Field(description="What could not be done, if anything")
    parts: list[ReadPartOut] = Field(description="Which words became which filter, by rules")


class SearchOut(Schema):
    hits: list[HitOut]
    facets: dict[str, dict[str, int]] = Field(
        description='Counts by field and value; those of "price" by bands such as "10-25", which '
        "stand for the filter from 10 to 25"
    )
    total: int
    matching: int = Field(
        description="Hits that are more than weak; the facets count these, or all hits where there are none"
    )
    no_good_match: bool
    notice: str = Field("", description="What part of the search did not work, if any")
    took_ms: dict[str, float]
    ranking: str = Field(
        "", description="Send it with the offsets after this page, and they continue this very list"
    )
    read_as: ReadAsOut | None = Field(None, description="What `ask` made of a question")

    @classmethod
    def of(
        cls, result: SearchResult, request: HttpRequest, reading: Reading | None = None
    ) -> SearchOut:
        return cls(
            hits=[HitOut.of(hit, request) for hit in result.hits],
            facets=result.facets,
            total=result.total,
            matching=result.matching,
            no_good_match=result.no_good_match,
            notice=result.notice,
            took_ms=result.took_ms,
            ranking=result.ranking,
            read_as=ReadAsOut.model_validate(reading.as_json()) if reading else None,
        )
