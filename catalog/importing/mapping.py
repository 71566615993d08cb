"""What columns can be, and a guess at what they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from catalog.importing.attribute_names import plain
from catalog.importing.facts import ATTRIBUTE, IGNORE, KEEP, KEY, VARIANT_ATTRIBUTE
from catalog.importing.guessing import guesses_at
from catalog.interchange.records import LOCALE
from catalog.models import AttributeDefinition, Catalog


@dataclass(frozen=True)
class Target:
    """Something that a column can be."""

    key: str
    label: str
    group: str
    hint: str = ""


_PRODUCT, _VARIANT, _PHOTO = "Product", "Variant", "Photos"
_ATTRIBUTE, _OF_VARIANTS, _OTHER = "Attributes", "Attributes of variants", "Other"

TARGETS: tuple[Target, ...] = (
    Target(KEY, "Group rows by", _OTHER, "Rows with the same text here are one product."),
    Target(KEEP, "Keep as it is", _OTHER, "Means nothing here, and is written back on export."),
    Target(IGNORE, "Leave out", _OTHER),
    Target("product.handle", "Handle", _PRODUCT, "The product's name in addresses."),
    Target("product.title", "Title", _PRODUCT),
    Target("product.description", "Description, plain text", _PRODUCT),
    Target("product.description_html", "Description, HTML", _PRODUCT, "Tags become paragraphs."),
    Target("product.brand", "Brand", _PRODUCT),
    Target("attribute.category", "Category", _PRODUCT, "A path, a name, or a taxonomy's number."),
    Target("product.type", "Type", _PRODUCT, "The category, where nothing else says it."),
    Target("product.tags", "Tags", _PRODUCT, "Parted by commas."),
    Target("product.status", "Status", _PRODUCT),
    Target("product.product_url", "Address of the product's page", _PRODUCT),
    Target("product.structured_title", "Title and who wrote it", _PRODUCT, "As Google has it."),
    Target(
        "product.structured_description",
        "Description and who wrote it",
        _PRODUCT,
        "As Google has it.",
    ),
    Target("product.group_title", "Title of all variants", _PRODUCT, "As Google has it."),
    Target("variant.sku", "SKU", _VARIANT),
    Target("variant.parent", "SKU of the parent", _VARIANT, "Rows of one parent are one product."),
    Target("variant.gtin", "GTIN (EAN, UPC, ISBN)", _VARIANT),
    Target("variant.mpn", "Manufacturer's number (MPN)", _VARIANT),
    *(
        Target(f"variant.option{n}_{part}", f"Option {n}: {part}", _VARIANT, hint)
        for n in (1, 2, 3)
        for part, hint in (("name", "Such as Colour."), ("value", "Such as Red."))
    ),
    Target("variant.options", "Options with their names", _VARIANT, "As Google and Meta have it."),
    Target("variant.price", "Price", _VARIANT),
    Target("variant.sale_price", "Sale price", _VARIANT, "The price, where there is one."),
    Target("variant.compare_at_price", "Compare-at price", _VARIANT, "The price before."),
    Target("variant.cost", "Cost", _VARIANT, "What the shop pays for it."),
    Target("variant.currency", "Currency", _VARIANT),
    Target("variant.weight_grams", "Weight in g", _VARIANT, "Other units where cells name them."),
    Target("variant.weight_kg", "Weight in kg", _VARIANT),
    Target("variant.weight_lb", "Weight in lb", _VARIANT),
    Target("variant.weight_oz", "Weight in oz", _VARIANT),
    Target("variant.availability", "Availability", _VARIANT),
    Target("variant.stock", "Stock", _VARIANT, "Pieces, which say whether it is available."),
    Target("variant.tracked", "Whether stock is counted", _VARIANT, "As Shopify has it."),
    Target("variant.type", "Kind of row", _VARIANT, "As WooCommerce has it."),
    Target("variant.oversell", "Sold when out of stock", _VARIANT),
    Target("variant.condition", "Condition", _VARIANT, "New, refurbished or used."),
    Target("photo.source", "Photo", _PHOTO, "An address or a file's name, or several."),
    Target("photo.alt_text", "Alternative text", _PHOTO),
    Target("photo.position", "Position", _PHOTO),
    Target("photo.role", "Role", _PHOTO),
    Target("photo.variant", "Variant of the photo", _PHOTO, "By its SKU."),
    Target("photo.of_variant", "The variant's own photo", _PHOTO),
)


def targets(catalog: Catalog) -> list[Target]:
    """Everything that a column of a file for this catalogue can be."""
    language = catalog.language
    attributes = list(AttributeDefinition.objects.all())
    of_products = [
        Target(f"{ATTRIBUTE}{each.key}", each.label(language), _ATTRIBUTE) for each in attributes
    ]
    of_variants = [
        Target(f"{VARIANT_ATTRIBUTE}{each.key}", each.label(language), _OF_VARIANTS)
        for each in attributes
    ]
    return [*TARGETS, *of_products, *of_variants]


def guess(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """What the columns of an unknown table most likely are, by header."""
    return {each.header: each.target for each in guesses_at(headers, rows, _labels())}


def fitted(mapping: Mapping[str, str], catalog: Catalog) -> dict[str, str]:
    """The mapping without what this catalogue does not know: such columns are kept as they are."""
    known = {target.key for target in targets(catalog)}
    return {
        header: target if is_target(target, known) else KEEP for header, target in mapping.items()
    }


def is_target(target: str, known: Collection[str]) -> bool:
    """Whether it is one of the known keys; that of an attribute may have a language behind it."""
    name, mark, _ = target.partition(LOCALE)
    speaks = not mark or name.startswith((ATTRIBUTE, VARIANT_ATTRIBUTE))
    return speaks and name in known and target.isprintable()


def _labels() -> dict[str, str]:
    """Attributes by their keys and their labels in every language."""
    found: dict[str, str] = {}
    for attribute in AttributeDefinition.objects.all():
        for name in (attribute.key, *attribute.labels.values()):
            found.setdefault(plain(name), attribute.key)
    return found
