from __future__ import annotations

import pytest

from catalog.importing.formats import FORMATS
from catalog.importing.mapping import fitted, guess, targets
from catalog.interchange import google, own, shopify, woocommerce
from catalog.models import AttributeDefinition

GERMAN = """Artikelnummer;Bezeichnung;Beschreibung;VK-Preis (brutto);UVP;EAN-Code;Gewicht (kg);Farbe;Größe;Bild 1;Bild 2;Bemerkung
A1;Becher;Blau;1.299,00;1.399,00 €;4057739102648;0,35;Blau;M;https://x.example/1.jpg;https://x.example/2.jpg;x
A2;Teller;Weiß;1.299;;;0,5;Weiß;;;;
"""


def test_a_german_price_list(read):
    inspection, (mug, plate) = read(GERMAN)
    assert inspection.mapping == {
        "Artikelnummer": "variant.sku",
        "Bezeichnung": "product.title",
        "Beschreibung": "product.description",
        "VK-Preis (brutto)": "variant.price",
        "UVP": "variant.compare_at_price",
        "EAN-Code": "variant.gtin",
        "Gewicht (kg)": "variant.weight_kg",
        "Farbe": "attribute.color",
        "Größe": "attribute.size",
        "Bild 1": "photo.source",
        "Bild 2": "photo.source",
        "Bemerkung": "keep",
    }
    assert mug.record.variants[0].fields["weight_grams"] == "350"
    assert plate.record.variants[0].fields["price"] == "1299.00"
    assert [photo.source for photo in mug.record.photos] == [
        "https://x.example/1.jpg",
        "https://x.example/2.jpg",
    ]
    assert mug.record.variants[0].extra == {"Bemerkung": "x"}
    assert not plate.problems


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["Référence", "Libellé", "Prix TTC", "Couleur"], ["sku", "title", "price", "color"]),
        (
            ["Referencia", "Nombre del producto", "PVP", "Código de barras"],
            ["sku", "title", "price", "gtin"],
        ),
        (
            ["Item no.", "Product name", "Price (EUR)", "Brnad name"],
            ["sku", "title", "price", "brand"],
        ),
    ],
)
def test_headers_in_other_languages_and_with_slips(read, headers, expected):
    inspection, _ = read(";".join(headers) + "\n;;;\nA;Mug;12,50;\nB;Plate;9,00;\n")
    assert [target.partition(".")[2] for target in inspection.mapping.values()] == expected


def test_what_the_headers_do_not_say_the_cells_do(read):
    rows = "".join(
        f"K-{n};https://x.example/{n}.jpg;4057739102648;{n},00 €;<p>Mug {n}</p>\n" for n in range(5)
    )
    inspection, _ = read("aa;bb;cc;dd;ee\n" + rows)
    assert list(inspection.mapping.values()) == [
        "variant.sku",
        "photo.source",
        "variant.gtin",
        "variant.price",
        "product.description_html",
    ]
    assert inspection.reasons["cc"] == "5 of 5 cells are GTINs with a right check digit."


def test_one_column_alone_is_the_title(read):
    inspection, _ = read("Name,Title,SKU\nMug,Blue mug,a\n")
    assert inspection.mapping == {"Name": "product.title", "Title": "keep", "SKU": "variant.sku"}
    assert "“Name” is this already" in inspection.reasons["Title"]


def test_a_header_that_its_cells_contradict_is_not_believed(read):
    inspection, _ = read("SKU,Price\na,see catalogue\nb,ask us\n")
    assert inspection.mapping["Price"] == "keep"


def test_a_price_in_doubt_is_told_of(read):
    _, (product,) = read('SKU,Price\na,"1,299"\n')
    assert product.record.variants[0].fields["price"] == "1299.00"
    assert product.problems[0].severity == "warning"


def test_a_dollar_names_no_currency_and_that_is_told_once(read):
    _, found = read("SKU,Price\na,$5\nb,$6\n")
    assert ["currency" in product.record.variants[0].fields for product in found] == [False, False]
    assert [len(product.problems) for product in found] == [1, 0]


def test_rows_of_one_parent_are_one_product_and_differ_in_attributes(read):
    _, (product,) = read(
        "SKU,Parent SKU,Title,Colour,Material,Price,Image\n"
        "a,p,Mug,Red,Clay,5,a.jpg\nb,p,Mug,Blue,Clay,6,b.jpg\n"
    )
    record = product.record
    assert record.key == "p"
    assert record.attributes == {"material": ["Clay"]}
    assert [variant.attributes for variant in record.variants] == [
        {"color": ["Red"]},
        {"color": ["Blue"]},
    ]
    assert [photo.variant for photo in record.photos] == ["a", "b"]


def test_rows_that_name_themselves_differently_are_told_of(read):
    _, (product,) = read("SKU,Parent SKU,Title\na,p,Mug\nb,p,Cup\n")
    assert "differ in the title" in product.problems[0].message


def test_a_row_without_any_name_is_a_product_of_its_own(read):
    _, found = read("SKU,Title,Price\n,Mug,5\n,Mug,5\n")
    assert [product.record.key for product in found] == ["row 2", "row 3"]
    assert "Give it an SKU" in found[0].problems[0].message


def test_a_sale_price_is_the_price_and_the_other_what_it_is_compared_with(read):
    _, (product,) = read("SKU,Price,Sale price\na,20,15\n")
    fields = product.record.variants[0].fields
    assert (fields["price"], fields["compare_at_price"]) == ("15.00", "20.00")


def test_a_second_column_for_the_same_is_used_where_the_first_is_blank_and_else_kept(read):
    content = "SKU,EAN,UPC\na,,036000291452\nb,4057739102648,036000291452\n"
    _, found = read(content, UPC="variant.gtin", EAN="variant.gtin")
    first, second = (product.record.variants[0] for product in found)
    assert first.fields["gtin"] == "036000291452"
    assert (second.fields["gtin"], second.extra["UPC"]) == ("4057739102648", "036000291452")


@pytest.mark.django_db
def test_the_vocabulary_names_columns_too(catalog):
    AttributeDefinition.objects.create(
        key="glaze", kind="text", labels={"en": "Glaze type", "de": "Glasur"}
    )
    found = guess(["Glasur", "Glaze type [de]", "Farbe"], [])
    assert found == {
        "Glasur": "attribute.glaze",
        "Glaze type [de]": "attribute.glaze@de",
        "Farbe": "attribute.color",
    }
    assert "attribute.glaze" in {target.key for target in targets(catalog)}
    assert fitted(found, catalog)["Farbe"] == "keep"


@pytest.mark.django_db
@pytest.mark.parametrize("form", [each for each in FORMATS.values() if each.name != "jsonl"])
def test_whatever_a_format_says_of_a_column_can_be_chosen(catalog, vocabulary, form):
    headers = [
        *(header for column in shopify.COLUMNS for header in (column.old, column.new)),
        *woocommerce.TARGETS,
        *google.META_TARGETS,
        *own.PRODUCT_COLUMNS,
        *own.VARIANT_COLUMNS,
        *own.PHOTO_COLUMNS,
        "variant:material",
    ]
    known = {target.key for target in targets(catalog)}
    known |= {f"attribute.{name}" for name in headers} | {"attribute.gender", "attribute.age_group"}
    assert set(form.mapping(headers, []).values()) <= known
