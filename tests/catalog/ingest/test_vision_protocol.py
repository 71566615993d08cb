"""The vision runner and the real client, over a socket: what a model says is data, whatever it says."""

from __future__ import annotations

import pytest

from catalog.describe import vocabulary
from catalog.ingest.vision import VisionDescriber
from catalog.models import (
    AttributeDefinition,
    AttributeKind,
    CurrentAttribute,
    CurrentTerm,
    DescribeRun,
    LedgerEntry,
    Product,
    Term,
    TermState,
    VisionTask,
)
from catalog.services.describe_requests import vision_requested
from catalog.services.vocabulary import vocabulary_load
from prodintel.llm import adapter, credentials
from prodintel.llm.models import Call
from tests.groq_server import GroqServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings):
    with GroqServer() as running:
        settings.GROQ_BASE_URL = running.url
        settings.GROQ_API_KEY = "gsk_only_for_tests"
        yield running
        adapter.close()
    credentials.forget()


@pytest.fixture
def product(make_product) -> Product:
    vocabulary_load()
    vocabulary.current(max_age=0)
    return make_product("Plain thing", price="12.50")


@pytest.fixture
def describe(server, product):
    describer = VisionDescriber(owner="test/1")
    yield describer.step
    describer.close()


def test_a_product_is_described_over_the_protocol(describe, server, product):
    assert describe() == 1
    task = VisionTask.objects.get()
    assert (task.state, task.error) == ("done", "")
    assert CurrentAttribute.objects.filter(product=product, field="color").exists()
    assert LedgerEntry.objects.filter(product=product, field="alt_text").count() == 1
    call = Call.objects.get()
    assert (call.purpose, call.scope) == ("describe", f"catalog:{product.catalog_id}")
    asked = server.requests[0]
    assert asked.image_count == 1
    assert "<product_data>" in asked.text


@pytest.mark.parametrize("fault", ["obeyed", "html", "huge", "outside_list", "out_of_range", "nul"])
def test_hostile_answers_stay_suggestions_of_bounded_text(describe, server, product, fault):
    server.script(fault)
    assert describe() == 1
    assert VisionTask.objects.get().state == "done"
    after = Product.objects.get(pk=product.pk)
    assert (after.status, after.title) == ("draft", "Plain thing")
    assert str(after.variants.get().price) == "12.5000"
    for row in LedgerEntry.objects.all():
        assert row.decision == ""
        assert row.confidence is None or 0 <= row.confidence <= 1
        assert all(len(each) <= 4000 for each in row.value if isinstance(each, str))
        assert "\x00" not in str(row.value)
    listed = Term.objects.filter(state=TermState.ACTIVE).values_list("attribute__key", "key")
    chosen = {AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE}
    fields = AttributeDefinition.objects.filter(kind__in=chosen).values_list("key", flat=True)
    shown = CurrentTerm.objects.filter(field__in=list(fields)).values_list("field", "value")
    assert set(shown) <= set(listed)


def test_some_fields_are_asked_for_by_a_form_of_these_alone(describe, server, product):
    run = DescribeRun.objects.create(
        catalog=product.catalog, label="Texts", fields=["title", "alt_text"]
    )
    vision_requested(products=[product], actor=None, run=run)
    assert describe() == 1
    form = server.requests[0].body["response_format"]["json_schema"]["schema"]
    assert form["required"] == ["title", "alt_text"]
    assert {row.field for row in LedgerEntry.objects.all()} == {"title", "alt_text"}
