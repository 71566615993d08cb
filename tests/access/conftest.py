from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest

from catalog.approval.content import contents
from catalog.exporting.profiles import DELETED
from catalog.grid.operations import Act, Operation
from catalog.models import (
    AuditEvent,
    Batch,
    Catalog,
    ChannelTarget,
    DescribeRun,
    ExportProfile,
    GridEdit,
    Import,
    ImportItem,
    ImportPhoto,
    ImportState,
    Job,
    Membership,
    ProductVersion,
    PublishedPhoto,
    Role,
    SearchPhoto,
    Source,
)
from catalog.models.job import MOVE
from catalog.publishing.feeds import feed_create
from catalog.publishing.many import products_publish
from catalog.services.deleting import MANY_DELETED
from catalog.services.going_back import product_go_back
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.services.review_samples import sample_draw
from catalog.services.statuses import MANY
from catalog.uploads.services import upload_begin, upload_store
from catalog.webhooks.services import webhook_create, webhook_ping
from tests.catalog.colours import picture
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401


@pytest.fixture
def people(make_user: Any, person: Any) -> dict[str, Any]:  # noqa: F811
    """One of each role, `person` being the owner, and a stranger who has a catalogue of their own."""
    others = {role: make_user(role) for role in ("editor", "reviewer", "viewer", "stranger")}
    return {"owner": person, **others}


@pytest.fixture
def catalog(make_catalog: Any, people: dict[str, Any]) -> Catalog:
    members = {role: user for role, user in people.items() if role != "stranger"}
    make_catalog("Elsewhere", owner=people["stranger"])
    return make_catalog("Shop", **members)


def _brought(catalog: Catalog, actor: Any) -> Import:
    """An import of a photo that is about to be carried out."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mug.png", picture("red"))
    upload = upload_store(catalog=catalog, actor=actor, name="photos.zip", chunks=[data.getvalue()])
    brought = Import.objects.create(
        catalog=catalog, name="photos.zip", photos=upload, state=ImportState.READY
    )
    item = ImportItem.objects.create(source=brought, number=1, key="mug", record={"key": "mug"})
    ImportPhoto.objects.create(origin=brought, item=item, source="mug.png")
    return brought


@pytest.fixture
def shop(catalog: Catalog, make_product: Any, vocabulary: Any, no_engine: None, person: Any) -> Any:  # noqa: F811
    """The catalogue with one of everything that an address can name."""
    product = make_product("Mug", variants=[{"sku": "A"}, {"sku": "B"}])
    placement = product.placements.get()
    moved = AuditEvent.objects.create(
        catalog=catalog,
        action=MANY,
        target_type="catalog",
        target_id=catalog.pk,
        data={
            "status": "in_review",
            "began": "2026-01-01T00:00:00+00:00",
            "moved": {"draft": [product.pk]},
            "versions": [],
        },
    )
    deletion = AuditEvent.objects.create(
        catalog=catalog,
        action=MANY_DELETED,
        target_type="catalog",
        target_id=catalog.pk,
        data={"deleted": [product.pk]},
    )
    job = Job.objects.create(
        kind=MOVE,
        catalog=catalog,
        arguments={"status": "in_review", "from": ["draft"], "label": "Send to review"},
    )
    batch = Batch.objects.create(catalog=catalog, label="Described", created_by=person)
    said = {product: [MachineValue("color", ["red"], 0.9)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="m", batch=batch)
    version = ProductVersion.objects.create(
        product=product, number=1, content=contents([product.pk])[product.pk]
    )
    profile = ExportProfile.objects.create(catalog=catalog, name="Weekly", format="csv")
    export_event = AuditEvent.objects.create(
        catalog=catalog,
        action=DELETED,
        target_type="exportprofile",
        target_id=0,
        data={"name": "Monthly", "format": "csv", "columns": [], "options": {}},
    )
    brought = _brought(catalog, person)
    back = product_go_back(product=product, version=version, actor=None)
    approved = make_product("Approved", status="approved")
    hook, _ = webhook_create(
        catalog=catalog, address="https://shop.example/", events=["import.done"], actor=person
    )
    polled = ExportProfile.objects.create(catalog=catalog, name="Polled", format="csv")
    feed, feed_token = feed_create(profile=polled, actor=person)
    publication = products_publish(catalog=catalog, ids=[approved.pk], actor=person)
    published = PublishedPhoto.objects.get()
    return SimpleNamespace(
        webhook=hook,
        delivery=webhook_ping(webhook=hook, actor=person),
        feed=feed,
        feed_token=feed_token,
        published=published,
        publication=publication.result["event"],
        brought=brought,
        brought_photo=brought.photo_rows.get(),
        version=version,
        back_event=back.event,
        status_event=moved,
        export_profile=profile,
        export_event=export_event,
        deletion=deletion,
        catalog=catalog,
        slug=catalog.slug,
        product=product,
        variant=product.variants.last(),
        placement=placement,
        photo=placement.photo,
        membership=Membership.objects.get(catalog=catalog, role=Role.VIEWER),
        batch=batch,
        job=job,
        suggestion=product.ledger.get(),
        term=vocabulary["color"].terms.first(),
        grid_edit=GridEdit.objects.create(
            catalog=catalog,
            label="Clear Brand",
            asked=Operation(Act.CLEAR, ("product.brand",)).as_json(),
            counts={"products": 0},
            planned_at=product.created_at,
        ),
        target=ChannelTarget.objects.create(catalog=catalog, channel="google", country="DE"),
        gone_target=ChannelTarget.objects.create(
            catalog=catalog, channel="google", country="FR", removed_at=catalog.created_at
        ),
        run=DescribeRun.objects.create(catalog=catalog, label="Describe 1 product"),
        sample=sample_draw(catalog=catalog, field="color", category=None, actor=None),
        upload=upload_begin(catalog=catalog, actor=person, name="photos.zip", size=9),
        search_photo=SearchPhoto.objects.create(catalog=catalog, image=picture()),
    )
