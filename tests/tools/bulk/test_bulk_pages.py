"""The pages and the API of tools run over many products."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from catalog.ingest.jobs import LONG_KINDS, job_step
from catalog.models import Batch, Job, LedgerEntry, Source
from catalog.services.catalogs import token_create
from tools import registry
from tools.bulk.act import KIND
from tools.kinds.pricing.tool import Pricing
from tools.models import RunState, ToolRun, Writer
from tools.services.bulk import tool_runs_start
from tools.services.using import fields_suggest_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("suggesting")]


@pytest.fixture
def page(client, person):
    client.force_login(person)
    return client


def address(catalog, name: str = "bulk", *args) -> str:
    return reverse(f"tools:{name}", args=[catalog.slug, *args])


@pytest.fixture
def done_runs(monkeypatch, person):
    """Has runs of a job end at once, by what the tool for tests would suggest."""

    def settle(job: Job) -> Job:
        for step in job.steps.all():
            title = {"key": "title", "field": "title", "value": f"Fine {step.number}"}
            block = {"id": "texts", "kind": "fields", "title": "", "state": "done"}
            product_id = step.product_ids[0]
            ToolRun.objects.create(
                catalog=job.catalog,
                product_id=product_id,
                tool="suggesting",
                state=RunState.DONE,
                writer=Writer.DRAFT,
                job=job,
                blocks=[{**block, "part": "result", "data": {"fields": [title]}}],
            )
        while job_step(LONG_KINDS, owner="test/1"):
            pass
        job.refresh_from_db()
        return job

    return settle


def test_bulk_bar_leads_to_the_page_with_the_selection(catalog, products, page):
    listed = reverse("catalog:products", args=[catalog.slug])
    assert 'value="tool"' in page.get(listed).content.decode()
    bulk = reverse("catalog:products_bulk", args=[catalog.slug])
    chosen = page.post(bulk, {"action": "tool", "product": [products[0].pk, products[1].pk]})
    ids = f"?product={products[0].pk}&product={products[1].pk}"
    assert chosen.url == address(catalog) + ids
    everything = page.post(bulk, {"action": "tool", "all": "1", "query": "?status=draft"})
    assert everything.url == f"{address(catalog)}?status=draft"


def test_page_offers_the_tools_for_the_selection(catalog, products, page):
    shown = page.get(address(catalog), {"product": products[0].pk}).content.decode()
    assert "the products you chose: 1 product." in shown
    assert f"?product={products[0].pk}&amp;tool=suggesting" in shown


def test_page_names_the_number_and_what_it_would_take(catalog, products, page, groq):
    groq()
    shown = page.get(address(catalog), {"tool": "suggesting"}).content.decode()
    assert "Run on 3 products" in shown
    assert "4,000 tokens a run, estimated, not yet measured here" in shown
    assert 'name="tone"' in shown


def test_estimate_goes_by_what_runs_took_here(catalog, products, page, groq):
    groq()
    for _ in range(5):
        ToolRun.objects.create(
            catalog=catalog,
            product=products[0],
            tool="suggesting",
            state=RunState.DONE,
            writer=Writer.GROQ,
            model="openai/gpt-oss-120b",
            prompt_tokens=900,
            completion_tokens=100,
            total_ms=6000,
        )
    shown = page.get(address(catalog), {"tool": "suggesting"}).content.decode()
    assert "1,000 tokens a run, as measured here" in shown
    # Three runs of six seconds, two at once.
    assert "9 s" in shown
    assert "at 2 runs at once" in shown


def test_page_says_that_drafts_are_written_without_a_model(catalog, products, page):
    shown = page.get(address(catalog), {"tool": "suggesting"}).content.decode()
    assert "No language model is connected." in shown
    assert "Run on 3 products</button>" in shown


def test_page_without_products_says_so(catalog, suggesting, page):
    assert "No products here" in page.get(address(catalog)).content.decode()


def begin(page: Client, catalog, **more):
    form = {"tool": "suggesting", "selection": "", "count": "3", "tone": "warm", **more}
    return page.post(address(catalog), form)


def test_post_starts_a_job_of_all_that_match(catalog, products, page):
    response = begin(page, catalog)
    job = Job.objects.get(kind=KIND)
    assert response.url == address(catalog, "bulk_run", job.pk)
    assert (job.progress_total, job.arguments["options"]) == (3, {"tone": "warm"})


def test_post_takes_the_selection_that_was_shown(catalog, products, page):
    begin(page, catalog, selection=f"product={products[1].pk}", count="1")
    assert Job.objects.get(kind=KIND).steps.get().product_ids == [products[1].pk]


def test_what_has_grown_since_is_shown_again_first(catalog, products, page):
    begin(page, catalog, count="2")
    assert not Job.objects.filter(kind=KIND).exists()


@pytest.mark.parametrize(
    ("form", "status"), [({"tool": "nothing"}, 302), ({"tone": ""}, 422), ({"tone": "x" * 99}, 422)]
)
def test_what_cannot_be_started_starts_nothing(catalog, products, page, form, status):
    assert begin(page, catalog, **form).status_code == status
    assert not Job.objects.filter(kind=KIND).exists()


def test_page_of_the_job_shows_its_runs_and_leads_to_the_review_queue(
    catalog, products, page, done_runs
):
    begin(page, catalog)
    job = done_runs(Job.objects.get(kind=KIND))
    shown = page.get(address(catalog, "bulk_run", job.pk)).content.decode()
    assert "3 products done, 3 suggestions." in shown
    assert "3 suggestions wait for review" in shown
    for run in ToolRun.objects.all():
        assert run.get_absolute_url() in shown


def test_page_of_the_job_undoes_all_of_it(catalog, products, page, done_runs):
    begin(page, catalog)
    job = done_runs(Job.objects.get(kind=KIND))
    page.post(address(catalog, "bulk_run_undo", job.pk))
    assert not LedgerEntry.objects.filter(source=Source.TOOL, retracted_at=None).exists()
    shown = page.get(address(catalog, "bulk_run", job.pk)).content.decode()
    assert "Undone" in shown
    assert 'id="bulk-run-undo"' not in shown


def test_page_of_the_job_stops_it(catalog, products, page):
    begin(page, catalog)
    job = Job.objects.get(kind=KIND)
    page.post(address(catalog, "bulk_run_stop", job.pk))
    shown = page.get(address(catalog, "bulk_run", job.pk)).content.decode()
    assert "Stopped by ada." in shown


def test_page_of_the_job_asks_again_while_it_goes_on(catalog, products, page):
    begin(page, catalog)
    job = Job.objects.get(kind=KIND)
    where = address(catalog, "bulk_run", job.pk)
    part = page.get(where, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section")
    assert f'hx-get="{where}?page=1"' in part


def test_activity_and_list_of_jobs_show_it_and_why_it_waits(catalog, products, page):
    begin(page, catalog)
    job = Job.objects.get(kind=KIND)
    Job.objects.update(error="The provider is away.")
    for name in ("activity", "products", "jobs"):
        shown = page.get(reverse(f"catalog:{name}", args=[catalog.slug])).content.decode()
        link = f'<a href="{address(catalog, "bulk_run", job.pk)}">Suggesting, 3 products</a>'
        assert link in shown, name
        assert "It waits: The provider is away." in shown, name


def test_job_of_another_kind_has_no_such_page(catalog, products, page):
    job = Job.objects.create(kind="products-delete", catalog=catalog, arguments={"label": "x"})
    assert page.get(address(catalog, "bulk_run", job.pk)).status_code == 404


# --- The API ----------------------------------------------------------------------------------


@pytest.fixture
def api(person):
    return Client(headers={"Authorization": f"Bearer {token_create(user=person)[1]}"})


def post(api: Client, catalog, **body):
    where = f"/api/v1/catalogs/{catalog.slug}/tool-runs"
    return api.post(where, {"tool": "suggesting", **body}, content_type="application/json")


def test_api_starts_and_tells_how_far_it_is(catalog, products, api, done_runs):
    ids = [products[0].pk, products[2].pk]
    started = post(api, catalog, product_ids=ids, options={"tone": "warm"})
    assert started.status_code == 202
    job = Job.objects.get(kind=KIND)
    assert started.json() | {"created_at": ""} == {
        "id": job.pk,
        "tool": "suggesting",
        "options": {"tone": "warm"},
        "label": "Suggesting, 2 products",
        "state": "pending",
        "done": 0,
        "total": 2,
        "failed": 0,
        "suggested": 0,
        "waiting": 0,
        "batch": Batch.objects.get().pk,
        "tokens": 0,
        "cost_usd": None,
        "message": "",
        "error": "",
        "created_at": "",
        "finished_at": None,
        "runs": [],
    }
    done_runs(job)
    told = api.get(f"/api/v1/tool-runs/{job.pk}").json()
    assert (told["state"], told["done"], told["suggested"], told["waiting"]) == ("done", 2, 2, 2)
    assert sorted(run["product"] for run in told["runs"]) == ids
    assert api.post(f"/api/v1/jobs/{job.pk}/undo").status_code == 200
    assert api.get(f"/api/v1/tool-runs/{job.pk}").json()["suggested"] == 0


def test_api_takes_filters_as_the_search_does(catalog, products, api):
    told = post(api, catalog, filters={"missing": ["color"]}, dry_run=True)
    assert (told.status_code, told.json()["products"]) == (200, 3)
    assert told.json()["configured"] is False
    assert not Job.objects.filter(kind=KIND).exists()


def test_api_gives_estimates_in_decimals(catalog, products, api, groq):
    groq()
    told = post(api, catalog, filters={}, dry_run=True).json()
    assert (told["calls"], told["tokens"], told["tokens_measured"]) == (3, 12_000, False)
    assert float(told["usd"]) > 0


def test_api_gives_what_was_spent_without_places_that_say_nothing(
    catalog, products, api, done_runs
):
    post(api, catalog, filters={})
    job = done_runs(Job.objects.get(kind=KIND))
    ToolRun.objects.filter(job=job).update(cost_usd=Decimal("0.000798"))
    assert api.get(f"/api/v1/tool-runs/{job.pk}").json()["cost_usd"] == "0.002394"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tool": "nothing", "filters": {}},
        {"filters": {}, "options": {"colour": "red"}},
        {"filters": {"nonsense": ["x"]}},
        {"product_ids": []},
        {"product_ids": [10**6]},
        {"filters": {}, "more": 1},
    ],
)
def test_api_refuses_what_cannot_be(catalog, products, api, body):
    answer = post(api, catalog, **body)
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"] or answer.json()["error"]["message"]
    assert not Job.objects.filter(kind=KIND).exists()


def test_suggestions_of_one_run_share_the_batch(catalog, products, person, done_runs, page):
    begin(page, catalog)
    job = done_runs(Job.objects.get(kind=KIND))
    run = ToolRun.objects.filter(job=job).first()
    batch = Batch.objects.get()
    assert fields_suggest_all(run=run, actor=person, batch=batch)["suggested"] == 0
    assert batch.entries.count() == 3


def test_what_names_something_of_one_product_is_not_asked_for_many(
    catalog, products, page, monkeypatch
):
    monkeypatch.undo()
    registry.tools.cache_clear()
    url = f"{address(catalog)}?product={products[0].pk}&product={products[1].pk}"
    pricing, twins = (
        page.get(f"{url}&tool={key}").content.decode() for key in ("pricing", "twin_simulator")
    )
    assert 'name="variant"' not in pricing
    assert 'name="target_margin"' in pricing
    assert 'name="b_photo"' not in twins
    assert 'name="b_change"' in twins
    assert ">Twin B</legend>" in twins


def test_options_of_one_product_are_refused_for_many(catalog, person, products):
    many = {"catalog": catalog, "tool": Pricing(), "actor": person}
    ids = [each.pk for each in products]
    with pytest.raises(ValidationError, match="of one product"):
        tool_runs_start(options={"variant": products[0].pk}, product_ids=ids, **many)
    job = tool_runs_start(options={"variant": None, "goal": "premium"}, product_ids=ids, **many)
    assert job.arguments["options"]["variant"] is None
