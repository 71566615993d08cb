"""What webhooks are told of, written down with what happened."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.ingest.jobs import purge
from catalog.models import DescribeTask, Job, Product, Source, Webhook, WebhookDelivery
from catalog.services.describing import Described, descriptions_record
from catalog.services.ledger import MachineValue
from catalog.services.statuses import products_move, products_set_status
from catalog.webhooks import services
from catalog.webhooks.events import APPROVED, DESCRIBED, IMPORT_DONE, PRODUCTS_A_MESSAGE, RUN_DONE
from catalog.webhooks.services import event_record, webhook_secrets
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, dict]]:
    rows = WebhookDelivery.objects.order_by("pk")
    return [(row.event, row.payload["data"]) for row in rows]


def approve(product, person):
    fresh = Product.objects.select_related("catalog").get(pk=product.pk)
    products_set_status(products=[fresh], status="approved", actor=person)


def test_event_that_nobody_wants_costs_one_query(catalog, make_hook, django_assert_num_queries):
    make_hook(events=[APPROVED])
    with django_assert_num_queries(1):
        assert event_record(catalog=catalog, event=IMPORT_DONE, payload={}) == 0


def test_event_is_written_down_once_for_each_webhook_under_one_id(catalog, make_hook):
    make_hook()
    make_hook("https://other.example/")
    assert event_record(catalog=catalog, event=IMPORT_DONE, payload={"import": 1}) == 2
    assert WebhookDelivery.objects.values_list("message_id").distinct().count() == 1


def test_webhooks_of_other_catalogues_hear_nothing(catalog, make_hook, make_catalog, person):
    make_hook(catalog=make_catalog("Other", owner=person))
    assert event_record(catalog=catalog, event=IMPORT_DONE, payload={}) == 0


def test_webhook_that_is_off_hears_nothing(catalog, make_hook, person):
    hook, _ = make_hook()
    services.webhook_disable(webhook=hook, actor=person)
    assert event_record(catalog=catalog, event=IMPORT_DONE, payload={}) == 0


def test_what_did_not_happen_is_not_told(catalog, make_hook):
    make_hook()
    with transaction.atomic():
        event_record(catalog=catalog, event=IMPORT_DONE, payload={})
        transaction.set_rollback(True)
    assert told() == []


def test_message_says_what_happened_when_and_in_which_version(catalog, make_hook):
    make_hook()
    event_record(catalog=catalog, event=IMPORT_DONE, payload={"import": 1})
    payload = WebhookDelivery.objects.get().payload
    assert payload.keys() == {"type", "version", "timestamp", "data"}
    assert (payload["type"], payload["version"]) == ("import.done", 1)
    assert payload["data"] == {"catalog": catalog.slug, "import": 1}


def test_approval_is_told_with_its_version(catalog, make_hook, make_product, person, settings):
    settings.PUBLIC_URL = "https://pim.example"
    make_hook(events=[APPROVED])
    mug = make_product("Mug")
    approve(mug, person)
    (event, data), *rest = told()
    assert (event, rest) == (APPROVED, [])
    assert data["products"] == [
        {
            "id": mug.pk,
            "handle": mug.handle,
            "url": f"https://pim.example/c/{catalog.slug}/products/{mug.pk}/",
            "version": 1,
        }
    ]


def test_approval_of_what_is_as_it_was_approved_before_is_told(make_hook, make_product, person):
    mug = make_product("Mug")
    approve(mug, person)
    make_hook(events=[APPROVED])
    back = Product.objects.select_related("catalog").get(pk=mug.pk)
    products_set_status(products=[back], status="draft", actor=person)
    approve(mug, person)
    assert [product["id"] for _, data in told() for product in data["products"]] == [mug.pk]


def test_approving_what_is_approved_already_says_nothing(make_hook, make_product, person):
    mug = make_product("Mug")
    approve(mug, person)
    make_hook(events=[APPROVED])
    approve(mug, person)
    assert told() == []


def test_many_approvals_make_one_message(make_hook, make_product, catalog, person):
    make_hook(events=[APPROVED])
    ids = sorted(make_product().pk for _ in range(3))
    products_move(catalog=catalog, ids=ids, status="approved", allowed=["draft"], actor=person)
    (_, data), *rest = told()
    assert [product["id"] for product in data["products"]] == ids
    assert rest == []


def test_message_names_a_bounded_number_of_products(make_hook, make_product, monkeypatch):
    make_hook(events=[DESCRIBED])
    monkeypatch.setattr(services, "PRODUCTS_A_MESSAGE", 2)
    services.products_tell(event=DESCRIBED, products=[make_product() for _ in range(3)])
    assert [len(data["products"]) for _, data in told()] == [2, 1]
    assert PRODUCTS_A_MESSAGE == 100


def test_description_is_told(make_hook, make_product, vocabulary):
    make_hook(events=[DESCRIBED])
    mug = make_product("Mug")
    task = DescribeTask.objects.get(product=mug)
    token = uuid.uuid4()
    DescribeTask.objects.filter(pk=task.pk).update(state=WorkState.RUNNING, token=token)
    said = [MachineValue("color", ["red"], 0.9)]
    descriptions_record(
        token=token,
        descriptions=[Described(task, mug, said)],
        considered=["color"],
        source=Source.ZERO_SHOT,
        model="starter",
    )
    (event, data), *_ = told()
    assert event == DESCRIBED
    assert (data["products"][0]["id"], data["products"][0]["model"]) == (mug.pk, "starter")


def test_end_of_a_tool_s_run_is_told(make_hook, make_product, person):
    from tools.models import RunState
    from tools.services.runs import run_create, run_stop

    make_hook(events=[RUN_DONE])
    run = run_create(
        product=make_product("Mug"), tool="analysis", options={}, actor=person, prompt_version="1"
    )
    run_stop(run=run)
    (event, data), *_ = told()
    assert (event, data["run"], data["tool"]) == (RUN_DONE, run.pk, "analysis")
    assert data["state"] == RunState.STOPPED


@pytest.mark.parametrize(
    "address",
    ["", "shop.example/hooks", "ftp://shop.example/", "https://", "https://me:pw@shop.example/"],
)
def test_address_that_cannot_be_told_is_refused(make_hook, address):
    with pytest.raises(ValidationError) as refused:
        make_hook(address)
    assert "address" in refused.value.message_dict
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("events", [[], ["product.deleted"]])
def test_events_that_there_are_not_are_refused(make_hook, events):
    with pytest.raises(ValidationError) as refused:
        make_hook(events=events)
    assert "events" in refused.value.message_dict


def test_catalogue_has_a_bounded_number_of_webhooks(make_hook, monkeypatch):
    monkeypatch.setattr(services, "MOST_WEBHOOKS", 1)
    make_hook()
    with pytest.raises(ValidationError):
        make_hook()


def test_secret_is_stored_encrypted(make_hook):
    hook, secret = make_hook()
    assert secret not in hook.secret
    assert webhook_secrets(hook) == [secret]


def test_secret_before_signs_for_a_day_after_another_was_made(make_hook, person):
    hook, first = make_hook()
    second = services.webhook_rotate(webhook=hook, actor=person)
    hook.refresh_from_db()
    assert webhook_secrets(hook) == [second, first]
    hook.old_secret_until = timezone.now() - timedelta(seconds=1)
    assert webhook_secrets(hook) == [second]


def test_messages_of_a_month_ago_are_purged(catalog, make_hook):
    make_hook()
    event_record(catalog=catalog, event=IMPORT_DONE, payload={})
    event_record(catalog=catalog, event=IMPORT_DONE, payload={})
    old = WebhookDelivery.objects.order_by("pk")[0]
    past = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=past)
    purge(Job())
    assert WebhookDelivery.objects.count() == 1
