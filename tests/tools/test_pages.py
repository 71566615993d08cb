"""Pages of runs: which they list."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tools.models import RunState, ToolRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, person):
    client.force_login(person)
    return client


def written_for(product, tool: str = "pricing") -> ToolRun:
    return ToolRun.objects.create(
        catalog=product.catalog, product=product, tool=tool, state=RunState.DONE
    )


def test_runs_of_one_product_are_listed_under_its_name_and_stay_so_by_tool(
    catalog, make_product, page
):
    products = [make_product("Cup"), make_product("Bowl")]
    run, other = written_for(products[0]), written_for(products[1])
    address = reverse("tools:runs", args=[catalog.slug])
    shown = page.get(address, {"product": products[0].pk}).content.decode()
    assert run.get_absolute_url() in shown
    assert other.get_absolute_url() not in shown
    assert f'<a href="{products[0].get_absolute_url()}">{products[0].title}</a>' in shown
    assert f"?tool=pricing&amp;product={products[0].pk}" in shown


def test_runs_of_a_product_of_another_catalogue_are_not_there(catalog, page):
    assert (
        page.get(reverse("tools:runs", args=[catalog.slug]), {"product": 987654}).status_code == 404
    )


@pytest.mark.parametrize("name", ["panels", "competitor_lists", "runs"])
def test_what_tools_work_with_is_found_in_the_menu_and_in_the_settings(name, catalog, page):
    address = f'href="{reverse(f"tools:{name}", args=[catalog.slug])}"'
    settings = page.get(reverse("catalog:settings", args=[catalog.slug])).content.decode()
    assert settings.count(address) == 2
