"""The page before anything is spent, runs and their differences, and the activity page's acts."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.activity.vision import vision_of
from catalog.models import (
    DescribeRun,
    DescribeTask,
    LedgerEntry,
    Placement,
    Source,
    TrialResult,
    VisionTask,
)
from catalog.services import describe_runs as services
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from prodintel.llm.models import Call, Outcome, Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def products(make_product: Any, vocabulary: Any) -> list:
    return [make_product(title) for title in ("Red mug", "Blue mug", "Stool")]


@pytest.fixture
def key(settings):
    """A key for language models; nobody answers at the address."""
    settings.GROQ_API_KEY = "gsk_test"
    settings.GROQ_BASE_URL = "http://127.0.0.1:9"
    settings.GROQ_VISION_MODEL = "qwen/qwen3.8-27b"


@pytest.fixture
def shop(client, person, catalog, products, key):
    """The catalogue's pages, as its owner sees them."""
    client.force_login(person)

    class Shop:
        def get(self, name: str, *args: Any, query: str = "") -> Any:
            return client.get(reverse(f"catalog:{name}", args=[catalog.slug, *args]) + query)

        def post(self, name: str, *args: Any, **form: Any) -> Any:
            return client.post(reverse(f"catalog:{name}", args=[catalog.slug, *args]), form)

        def text(self, name: str, *args: Any, query: str = "") -> str:
            return " ".join(self.get(name, *args, query=query).content.decode().split())

    return Shop()


def said(product: Any, field: str, value: list, source: str = Source.VISION_LLM) -> None:
    machine_values_record(
        said={product: [MachineValue(field, value, 0.8)]}, source=source, model="m"
    )


def calls(count: int, **fields: Any) -> None:
    """Calls that were answered."""
    values = {
        "purpose": "describe",
        "model": "qwen/qwen3.8-27b",
        "account": "a",
        "day": "2026-01-01",
        "tokens": 1500,
        "prompt_tokens": 1200,
        "completion_tokens": 300,
        "outcome": Outcome.ANSWERED,
        "latency_ms": 400,
    }
    Call.objects.bulk_create(Call(**values | fields) for _ in range(count))


def test_page_says_what_it_takes_and_the_button_names_it(shop, products):
    calls(10)
    text = shop.text("describe")
    assert "Describe 3 products, under $0.01" in text
    assert "1,500 tokens a call, as measured here" in text
    assert "Fits" in text


def test_page_says_when_the_price_is_not_known(shop, settings):
    settings.GROQ_VISION_MODEL = "somebody/unknown"
    assert "The price of this model is not known." in shop.text("describe")


def test_more_than_the_budget_takes_days(shop, settings):
    calls(10)
    settings.LLM_DAILY_TOKENS = 2000
    assert "3 days" in shop.text("describe")


def test_products_that_have_not_changed_are_left_out_unless_asked_for(shop, products, catalog):
    from catalog.describe import vocabulary
    from catalog.describe.asking import questions_of
    from prodintel.llm.gateway import gateway
    from prodintel.llm.types import Ability

    task = VisionTask.objects.get(product=products[0])
    (question,) = questions_of(
        [task], facts=gateway().facts(Ability.VISION), vocabulary=vocabulary.current()
    )
    VisionTask.objects.filter(pk=task.pk).update(state="done", input_key=question.input_key)
    text = shop.text("describe")
    assert "Describe 2 products" in text
    assert "1 left out: photos, vocabulary and model are as they were" in text
    assert "Describe 3 products" in shop.text("describe", query="?again=1")


def test_chosen_fields_cost_less_and_go_into_the_run(shop, products):
    calls(10)
    whole, part = shop.text("describe"), shop.text("describe", query="?field=title&field=material")
    assert "For all products: Title, Material, suggested from the photos." in part
    tokens = [
        int(re.search(r"([0-9,]+) tokens a call", text)[1].replace(",", ""))
        for text in (whole, part)
    ]
    assert tokens[0] == 1500 > tokens[1] > 0
    assert '<input type="hidden" name="field" value="material">' in part
    shop.post("describe", action="all", calls="3", field=["title", "material"])
    run = DescribeRun.objects.get()
    assert (run.fields, run.label) == (["title", "material"], "Describe 3 products: 2 fields")
    assert run.estimate["tokens_a_call"] == tokens[1]
    assert "Asked about alone: Title, Material." in shop.text("describe_run", run.pk)


def test_fields_that_there_are_not_are_left_out_of_the_address(shop):
    assert "title, description, category and attributes" in shop.text("describe", query="?field=x")


def test_product_without_photos_is_left_out(shop, products):
    Placement.objects.filter(product=products[0]).update(deleted_at=products[0].created_at)
    text = shop.text("describe")
    assert "Describe 2 products" in text
    assert "1 left out: no photo to describe from" in text


def test_search_and_chosen_products_are_described_alone(shop, products):
    assert "Describe 1 product" in shop.text("describe", query=f"?product={products[2].pk}")
    assert "Describe 1 product" in shop.text("describe", query="?from=search&q=stool")
    assert "Describe 3 products" in shop.text("describe", query="?status=draft")
    assert "Nothing to ask" in shop.text("describe", query="?status=approved")


def test_part_that_failed_is_counted_and_described_alone(shop, products):
    VisionTask.objects.filter(product=products[1]).update(state="failed")
    assert "Describe 1 product" in shop.text("describe", query="?only=failed")


def test_bulk_bar_leads_to_the_page_with_what_was_chosen(shop, products):
    response = shop.post("products_bulk", action="describe", product=[p.pk for p in products[:2]])
    assert response.status_code == 302
    assert response.url.endswith(f"?product={products[0].pk}&product={products[1].pk}")
    response = shop.post("products_bulk", action="describe", all="1", query="?status=draft")
    assert response.url.endswith("/describe/?status=draft")


def test_starting_queues_what_the_page_named(shop, products, person):
    response = shop.post("describe", action="all", calls="3")
    run = DescribeRun.objects.get()
    assert response.url == f"/c/{run.catalog.slug}/describe/{run.pk}/"
    assert run.tasks.filter(state="pending", requested_by=person).count() == 3
    assert run.estimate["calls"] == 3


def test_more_than_the_page_named_is_not_started(shop, products):
    response = shop.post("describe", action="all", calls="2")
    assert response.status_code == 302
    assert not DescribeRun.objects.exists()


def test_without_a_key_the_page_offers_zero_shot_and_starts_nothing(shop, settings, products):
    settings.GROQ_API_KEY = ""
    DescribeTask.objects.update(state="done")
    text = shop.text("describe")
    assert "No vision model is connected" in text
    assert "/settings/models/" not in text
    shop.post("describe", action="all", calls="3")
    assert not DescribeRun.objects.exists()
    shop.post("describe", action="zero-shot")
    assert DescribeTask.objects.filter(state="pending").count() == 3


def test_superuser_without_a_key_is_led_to_where_it_is_entered(
    client, make_user, catalog, products, settings
):
    settings.GROQ_API_KEY = ""
    client.force_login(make_user("root", superuser=True))
    for name in ("describe", "activity"):
        page = client.get(reverse(f"catalog:{name}", args=[catalog.slug])).content.decode()
        assert "/settings/models/" in page


def test_trial_shows_every_difference_before_it_is_written(shop, products, person, catalog):
    red, blue, _ = products
    said(red, "material", ["steel"])
    attribute_set(product=blue, field="material", value=["cotton"], actor=person)
    run = services.describe_run_start(
        catalog=catalog, product_ids=[p.pk for p in products], actor=person, trial=True
    )
    for product in products:
        TrialResult.objects.create(
            run=run,
            product=product,
            model="m",
            values=[
                {
                    "field": "material",
                    "value": ["wood"],
                    "confidence": 0.8,
                    "locale": "",
                    "photo_id": None,
                    "proposed": [],
                }
            ],
            considered=["material"],
        )
    before = list(LedgerEntry.objects.values_list("pk", flat=True))
    text = shop.text("describe_run", run.pk)
    assert "1 new, 1 changed, 1 kept as is" in text
    assert "Keep these" in text
    assert list(LedgerEntry.objects.values_list("pk", flat=True)) == before


def test_finished_run_shows_what_it_changed(shop, products, person, catalog):
    red = products[0]
    said(red, "material", ["steel"])
    run = services.describe_run_start(catalog=catalog, product_ids=[red.pk], actor=person)
    machine_values_record(
        said={red: [MachineValue("material", ["wood"], 0.8), MachineValue("color", ["red"], 0.9)]},
        source=Source.VISION_LLM,
        model="m",
        batch=run.batch,
    )
    VisionTask.objects.update(state="done")
    text = shop.text("describe_run", run.pk)
    assert "Before: </span>steel" in text
    assert "After: </span>wood" in text
    assert text.count("<strong>New</strong>") == 1
    assert text.count("<strong>Changed</strong>") == 1


def test_run_of_another_catalogue_is_not_found(shop, make_catalog, person):
    other = DescribeRun.objects.create(catalog=make_catalog("Other", owner=person), label="x")
    assert shop.get("describe_run", other.pk).status_code == 404
    assert shop.post("describe_run_stop", other.pk).status_code == 404


def test_paused_queue_says_who_paused_it_and_is_not_busy(shop, catalog, person):
    assert "Pause</button>" in shop.text("activity")
    shop.post("describing_pause")
    text = shop.text("activity")
    assert "Paused by ada" in text
    assert "3 products wait; nothing is asked or spent." in text
    shop.post("describing_resume")
    assert "Paused by" not in shop.text("activity")


def test_page_says_whose_budget_is_spent_and_how_many_wait_for_it(shop, person, catalog, settings):
    settings.LLM_USER_DAILY_TOKENS = 1000
    Till.objects.create(
        day=timezone.localdate(), who=f"user:{person.pk}", refused={"describe": [2000, 0]}
    )
    text = shop.text("activity")
    assert "3 products wait for tomorrow's budget of ada." in unescape(text)
    assert not vision_of(catalog).busy
    shop.post("describe", action="all", calls="3")
    text = shop.text("describe_run", DescribeRun.objects.get().pk)
    assert "3 products wait for tomorrow's budget of ada." in unescape(text)


def test_one_failed_product_is_tried_again_alone(shop, products):
    VisionTask.objects.update(state="failed", error="The photo cannot be opened.")
    task = VisionTask.objects.get(product=products[0])
    assert shop.text("activity").count("The photo cannot be opened.") == 3
    shop.post("activity_retry", kind="vision", task=task.pk)
    assert VisionTask.objects.filter(state="pending").get() == task
    shop.post("activity_drop", task=VisionTask.objects.get(product=products[1]).pk)
    assert VisionTask.objects.filter(state="failed").get().product == products[2]


def test_task_of_another_catalogue_is_not_retried_from_here(
    shop, make_catalog, make_product, person
):
    other = make_product(catalog=make_catalog("Other", owner=person))
    VisionTask.objects.filter(product=other).update(state="failed")
    task = VisionTask.objects.get(product=other)
    shop.post("activity_retry", kind="vision", task=task.pk)
    shop.post("activity_drop", task=task.pk)
    task.refresh_from_db()
    assert task.state == "failed"


def test_activity_says_what_was_spent_here_and_what_the_model_can_do(shop, catalog, person):
    today = timezone.localdate()
    calls(2, day=today, scope=f"catalog:{catalog.pk}", cost_usd=Decimal("0.25"))
    calls(1, day=today, scope="catalog:0", cost_usd=Decimal("1.00"))
    text = shop.text("activity")
    assert "$0.50, 2 calls, 3,000 tokens" in text
    assert "$5.00 and 5,000,000 tokens" in text
    assert "$1.50" not in text
    assert "qwen/qwen3.8-27b: 3 photos a call" in text


def test_spend_and_budget_of_the_whole_site_are_for_superusers(shop, person, catalog):
    calls(1, day=timezone.localdate(), scope="catalog:0", cost_usd=Decimal("1.50"))
    for name in ("activity", "describe"):
        text = shop.text(name)
        assert "Whole site" not in text
        assert "$10.00" not in text
    person.is_superuser = True
    person.save()
    assert "$1.50 of $10.00" in shop.text("activity")
