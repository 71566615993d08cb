"""Whole files brought by a browser: to products and back, and over a connection that breaks."""

from __future__ import annotations

import io
import re
import zipfile

from playwright.sync_api import expect

from tests.browser.conftest import file
from tests.live_site import photo

TABLE = b"SKU,Title,Price\nM1,Red mug,12.50\nM2,Blue mug,9\n"


def test_file_becomes_products_and_is_undone_as_a_whole(open_page, site):
    slug = site.new_catalog("Brought")
    page = open_page(f"/c/{slug}/imports/")
    table = {"name": "mugs.csv", "mimeType": "text/csv", "buffer": TABLE}
    page.locator("#import-files").set_input_files([table])
    page.get_by_role("button", name="Look at what is in it").click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Import 2 products").click()
    expect(page.get_by_role("link", name="The 2 products")).to_be_visible()
    page.get_by_role("button", name="Undo the whole import").click()
    expect(page.locator(".pill", has_text="Undone")).to_be_visible()
    expect(open_page(f"/c/{slug}/products/").locator(".product-card")).to_have_count(0)


def test_photos_are_put_to_another_product_by_keyboard(open_page, site):
    slug = site.new_catalog("Grouped")
    page = open_page(f"/c/{slug}/imports/")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number, name in enumerate(("mug.jpg", "vase.jpg", "bowl.jpg")):
            archive.writestr(name, photo(700 + number))
    page.locator("#import-files").set_input_files([file("photos.zip", data.getvalue())])
    page.get_by_role("button", name="Look at what is in it").click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("link", name="Look through the photos").click()
    page.get_by_role("checkbox").nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    to = page.get_by_label("Put them to")
    expect(to).to_be_focused()
    to.select_option(index=0)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#group-"))
    expect(page.locator("[data-group]")).to_have_count(2)
    expect(page.locator("[data-group]").first.locator("[data-group-photo]")).to_have_count(2)


def test_file_that_was_cut_off_goes_on_where_it_was_after_a_reload(open_page, site, tmp_path):
    slug = site.new_catalog("Cut off")
    page = open_page(f"/c/{slug}/imports/")
    part = int(page.locator("[data-chunk]").get_attribute("data-chunk"))
    path = tmp_path / "long.csv"
    path.write_bytes(TABLE + b"\n" * part)
    offsets: list[int] = []

    def passes(route):
        offsets.append(int(route.request.headers["upload-offset"]))
        if is_cut and offsets[-1]:
            route.abort()
        else:
            route.continue_()

    is_cut = True
    page.route(
        re.compile(r"/uploads/.+"),
        lambda route: passes(route) if route.request.method == "PATCH" else route.continue_(),
    )
    page.locator("#import-files").set_input_files(path)
    row = page.locator("[data-import-row]")
    expect(row).to_contain_text("%")
    while part not in offsets:
        page.wait_for_timeout(50)
    page.reload()
    is_cut = False
    offsets.clear()
    page.locator("#import-files").set_input_files(path)
    expect(row).to_contain_text("Arrived")
    assert offsets[0] == part
