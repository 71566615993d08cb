"""Every page of the admin opens for a superuser when there are rows of everything."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from catalog.models import (
    Batch,
    ChannelTarget,
    ColumnMapping,
    DescribeRun,
    EmbeddingSpace,
    EmbedTask,
    ExportProfile,
    Feed,
    FileRemoval,
    ForeignCells,
    GridChange,
    GridColumns,
    GridEdit,
    Import,
    ImportClaim,
    ImportItem,
    ImportPhoto,
    ImportProblem,
    IndexChange,
    Job,
    PhotoPublishing,
    Product,
    PublishedPhoto,
    ReadinessGap,
    ReadinessGtin,
    Upload,
    UploadPart,
    VisionTask,
    Webhook,
    WebhookDelivery,
)
from catalog.services.catalogs import token_create
from catalog.services.ledger import attribute_set
from catalog.services.vocabulary_imports import vocabulary_import_bring

pytestmark = pytest.mark.django_db

MODELS = sorted(
    f"{m._meta.app_label}_{m._meta.model_name}"
    for m in admin.site._registry
    if m._meta.app_label in {"catalog", "auth"}
)


def model_of(name):
    return next(
        m for m in admin.site._registry if f"{m._meta.app_label}_{m._meta.model_name}" == name
    )


@pytest.fixture
def rows(make_product, vocabulary, person, catalog):
    """At least one row of everything that has pages."""
    space = EmbeddingSpace.objects.create(model_id="model", dimension=4, fingerprint="f")
    product = make_product("Mug", attributes={"color": ["red"], "category": "home"}, tags=["a"])
    attribute_set(product=product, field="material", value=None, actor=person)
    EmbedTask.objects.get_or_create(photo=product.placements.get().photo, space=space)
    FileRemoval.objects.create(name="gone.webp")
    Job.objects.create(kind="purge")
    IndexChange.objects.get_or_create(point=1, defaults={"sequence": 1})
    Batch.objects.create(catalog=catalog, label="Import")
    DescribeRun.objects.create(catalog=catalog, label="Describe 1 product")
    VisionTask.objects.get_or_create(product=product)
    Group.objects.create(name="Editors")
    vocabulary_import_bring(
        files=[("a.toml", b'[[categories]]\nslug = "a"\nlabels = {en = "A"}')], actor=None
    )
    token_create(user=person)
    import_rows(catalog, product)
    rows_of_what_goes_out(catalog, product)
    edit = GridEdit.objects.create(catalog=catalog, label="Titles", created_by=person)
    GridChange.objects.create(edit=edit, product=product)
    GridColumns.objects.create(catalog=catalog, user=person)


def rows_of_what_goes_out(catalog, product):
    profile = ExportProfile.objects.create(catalog=catalog, name="For Google", format="google")
    Feed.objects.create(catalog=catalog, profile=profile, digest="d", prefix="p")
    PublishedPhoto.objects.create(placement=product.placements.get(), token="t")
    PhotoPublishing.objects.create(catalog=catalog)
    hook = Webhook.objects.create(catalog=catalog, address="https://shop.example/hook")
    WebhookDelivery.objects.create(webhook=hook, event="test.ping", payload={})
    target = ChannelTarget.objects.create(catalog=catalog, channel="google", country="DE")
    ReadinessGap.objects.create(product=product, target=target, requirement="gtin")
    ReadinessGtin.objects.create(product=product, catalog=catalog, gtin="04006381333931")


def import_rows(catalog, product):
    upload = Upload.objects.create(
        catalog=catalog, name="shop.csv", size=1, expires_at=product.created_at
    )
    UploadPart.objects.create(upload=upload, offset=0, size=1, file="uploads/1/a")
    brought = Import.objects.create(catalog=catalog, name="shop.csv", table=upload)
    item = ImportItem.objects.create(source=brought, number=1, key="mug", record={})
    ImportClaim.objects.create(source=brought, item=item, name="SKU:A")
    ImportPhoto.objects.create(origin=brought, item=item, source="mug.jpg")
    ImportProblem.objects.create(source=brought, item=item, row=2, message="No price.")
    ColumnMapping.objects.create(catalog=catalog, headers="a" * 64, mapping={})
    ForeignCells.objects.create(product=product, format="shopify", cells={})


@pytest.mark.parametrize("name", MODELS)
def test_lists_open(browser, rows, name):
    assert model_of(name)._default_manager.exists()
    for query in ("", "?q=mug"):
        answer = browser.get(reverse(f"admin:{name}_changelist") + query)
        assert answer.status_code == 200


@pytest.mark.parametrize("name", MODELS)
def test_rows_open(browser, rows, name):
    row = model_of(name)._default_manager.first()
    assert browser.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200
    assert browser.get(reverse(f"admin:{name}_history", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", MODELS)
def test_new_rows_open_where_there_may_be_any(browser, rows, name, rf, boss):
    request = rf.get("/")
    request.user = boss
    allowed = admin.site._registry[model_of(name)].has_add_permission(request)
    answer = browser.get(reverse(f"admin:{name}_add"))
    assert answer.status_code == (200 if allowed else 403)


def test_the_first_page_opens(browser, rows):
    assert browser.get(reverse("admin:index")).status_code == 200


def test_a_list_of_products_takes_as_many_queries_for_many(
    browser, make_product, django_assert_max_num_queries
):
    for _ in range(12):
        make_product()
    assert Product.objects.count() == 12
    with django_assert_max_num_queries(16):
        browser.get(reverse("admin:catalog_product_changelist"))
