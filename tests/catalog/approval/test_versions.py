"""What is kept when products are approved."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.approval.content import contents, seen
from catalog.models import AuditEvent, Product, ProductStatus, ProductVersion
from catalog.services.approval import approval_refresh
from catalog.services.ledger import attribute_set, machine_values_record
from catalog.services.photos import placement_update
from catalog.services.products import product_create, product_update
from catalog.services.statuses import products_set_status
from catalog.services.suggestions import suggestion_decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def approve(person):
    def act(*products: Product) -> int:
        rows = list(Product.objects.filter(pk__in=[p.pk for p in products]))
        return products_set_status(products=rows, status=ProductStatus.APPROVED, actor=person)

    return act


def is_changed(product: Product) -> bool:
    return Product.objects.get(pk=product.pk).changed_since_approval


def test_version_holds_everything_a_shopper_would_see(make_product, vocabulary, person, approve):
    mug = make_product(
        "Mug",
        description="Holds tea.",
        brand="Ida",
        tags=["tea"],
        product_url="https://shop.example/mug",
        variants=[{"sku": "M-1", "price": "12.5", "option1_name": "Size", "option1_value": "L"}],
    )
    attribute_set(product=mug, field="category", value="home/kitchen/mugs", actor=person)
    attribute_set(product=mug, field="color", value=["red"], actor=person)
    photo = mug.placements.get()
    placement_update(placement=photo, actor=person, alt_text="A red mug")
    approve(mug)
    version = ProductVersion.objects.get()
    content = version.content
    assert (version.number, version.approved_by) == (1, person)
    assert (content["title"], content["description"], content["brand"]) == (
        "Mug",
        "Holds tea.",
        "Ida",
    )
    assert (content["tags"], content["category"]) == (["tea"], "home/kitchen/mugs")
    (variant,) = content["variants"]
    assert (variant["sku"], variant["price"], variant["cost"]) == ("M-1", "12.50", None)
    assert (variant["option1_name"], variant["option1_value"]) == ("Size", "L")
    assert content["photos"] == [
        {
            "photo": photo.photo_id,
            "name": photo.photo.original_name,
            "role": "main",
            "alt_text": "A red mug",
            "variant": None,
        }
    ]
    (color,) = [row for row in content["attributes"] if row["field"] == "color"]
    assert (color["value"], color["source"], color["written_by"]) == (["red"], "person", "ada")


def test_version_says_who_confirmed_what_a_machine_wrote(product, guess, person, approve):
    suggestion_decide(entry=guess("material", ["wood"]), accept=True, actor=person)
    approve(product)
    (row,) = ProductVersion.objects.get().content["attributes"]
    assert (row["source"], row["written_by"], row["confirmed_by"]) == ("zero-shot", None, "ada")


def test_version_is_the_same_as_json_and_as_read_anew(make_product, approve):
    approve(make_product(price="10", tags=["a", "b"]))
    version = ProductVersion.objects.get()
    assert contents([version.product_id])[version.product_id] == version.content


def test_approving_an_unchanged_product_makes_no_version(make_product, approve):
    mug = make_product()
    assert (approve(mug), approve(mug)) == (1, 0)
    assert ProductVersion.objects.count() == 1


def test_approving_a_changed_product_makes_the_next_version(make_product, person, approve):
    mug = make_product("Mug")
    approve(mug)
    product_update(product=mug, actor=person, fields={"title": "Cup"})
    assert approve(mug) == 1
    assert [(v.number, v.content["title"]) for v in mug.versions.all()] == [(2, "Cup"), (1, "Mug")]
    assert not is_changed(mug)


def test_product_made_or_changed_to_approved_has_a_version(catalog, person, data_dir):
    made = product_create(catalog=catalog, actor=person, title="Mug", status="approved").product
    later = product_create(catalog=catalog, actor=person, title="Cup").product
    product_update(product=later, actor=person, fields={"status": "approved", "title": "Beaker"})
    assert made.versions.get().content["title"] == "Mug"
    assert later.versions.get().content["title"] == "Beaker"


def test_approval_is_in_the_audit_trail(make_product, approve, person):
    mug = make_product()
    approve(mug)
    event = AuditEvent.objects.get(action="product.approve")
    assert (event.actor, event.target_id, event.data) == (person, mug.pk, {"version": 1})


def test_change_is_said_and_turning_back_takes_it_back(make_product, person, approve):
    mug = make_product("Mug")
    approve(mug)
    assert not is_changed(mug)
    product_update(product=mug, actor=person, fields={"title": "Cup"})
    assert is_changed(mug)
    product_update(product=mug, actor=person, fields={"title": "Mug"})
    assert not is_changed(mug)


def test_only_who_says_a_value_is_no_change(product, guess, says, approve):
    guess("color", ["red"])
    approve(product)
    says("color", ["red"])
    assert not is_changed(product)


def flags(product: Product) -> tuple[bool, bool]:
    row = Product.objects.get(pk=product.pk)
    return row.changed_since_approval, row.added_since_approval


@pytest.mark.parametrize(("field", "value"), [("color", "red"), ("category", "home/kitchen/mugs")])
def test_what_a_machine_adds_by_itself_is_no_change_but_is_told(
    product, guess, approve, field, value
):
    approve(product)
    guess(field, [value])
    assert flags(product) == (False, True)


def test_what_a_machine_has_added_goes_out_with_the_next_approval(product, guess, approve):
    approve(product)
    guess("color", ["red"])
    assert approve(product) == 1
    assert flags(product) == (False, False)
    (row,) = product.versions.first().content["attributes"]
    assert row["value"] == ["red"]


def test_what_a_machine_said_and_takes_back_was_never_added(product, guess, approve):
    approve(product)
    entry = guess("color", ["red"])
    machine_values_record(said={product: []}, source=entry.source, model="m", considered=["color"])
    assert flags(product) == (False, False)


def test_what_somebody_accepts_of_it_is_a_change(product, guess, approve, person):
    approve(product)
    entry = guess("color", ["red"])
    guess("material", ["wood"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert flags(product) == (True, False)


def test_another_value_in_place_of_an_approved_one_is_a_change_whoever_says_it(
    product, guess, approve
):
    guess("color", ["red"])
    approve(product)
    guess("color", ["blue"])
    assert flags(product) == (True, False)


def test_nothing_was_added_to_what_is_approved_no_more(product, guess, approve, person):
    approve(product)
    guess("color", ["red"])
    product.refresh_from_db()
    products_set_status(products=[product], status="draft", actor=person)
    assert flags(product) == (False, False)


def test_product_that_is_not_approved_is_not_changed(make_product, person, approve):
    mug = make_product("Mug")
    approve(mug)
    product_update(product=mug, actor=person, fields={"title": "Cup"})
    mug.refresh_from_db()
    products_set_status(products=[mug], status="draft", actor=person)
    assert not is_changed(mug)


def test_change_is_said_of_many_in_as_many_queries_as_of_one(
    make_product, approve, django_assert_num_queries
):
    mugs = [make_product() for _ in range(5)]
    approve(*mugs)
    Product._base_manager.update(title="Other")
    with django_assert_num_queries(7):
        approval_refresh([mugs[0].pk])
    with django_assert_num_queries(7):
        approval_refresh([mug.pk for mug in mugs[1:]])
    assert Product.objects.filter(changed_since_approval=True).count() == 5


def test_products_that_are_not_approved_cost_one_query(make_product, django_assert_num_queries):
    ids = [make_product().pk for _ in range(3)]
    with django_assert_num_queries(1):
        approval_refresh(ids)


def test_many_are_approved_in_as_many_queries_as_two(make_product, approve):
    mugs = [make_product() for _ in range(7)]
    with CaptureQueriesContext(
        connection,
    ) as two:
        approve(*mugs[:2])
    with CaptureQueriesContext(connection) as five:
        approve(*mugs[2:])
    assert len(two) == len(five)


def test_content_without_provenance_is_what_is_compared(make_product, approve):
    approve(make_product())
    content = ProductVersion.objects.get().content
    assert "written_by" not in str(seen(content))
