"""The grid by keyboard: edited, pasted into, filled down, replaced in and undone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.live_site import LiveSite, photo, wait_until

TITLES = ("Anvil", "Bellows", "Chisel")


@pytest.fixture(scope="module")
def forge(site: LiveSite) -> str:
    """A catalogue of three products; the newest stands first."""
    slug = site.new_catalog("Forge")
    for number, title in enumerate(reversed(TITLES)):
        site.upload(slug, photo(40 + number), title=title, sku=f"F-{number}", price="12.50")
    wait_until(site.is_quiet, "the forge")
    return slug


@pytest.fixture
def grid(open_page: Any, forge: str) -> Page:
    page: Page = open_page(f"/c/{forge}/grid/?sort=variant.sku")
    expect(page.get_by_role("grid")).to_be_visible()
    return page


def cell(page: Page, row: int, column: str) -> Locator:
    """The cell of a row, from 0, and of the column with this label."""
    labels = page.locator("[data-head]").evaluate_all("heads => heads.map((h) => h.dataset.label)")
    cells = page.locator("[data-row]").nth(row).locator("[data-cell]")
    return cells.nth(labels.index(column))


def paste(page: Page, text: str) -> None:
    """What a browser does for Ctrl+V, with a spreadsheet's cells on the clipboard."""
    page.evaluate(
        """(text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(event);
        }""",
        text,
    )


def test_a_cell_is_edited_by_keyboard_and_keeps_what_was_refused(grid: Page) -> None:
    grid.locator("[data-cell][tabindex='0']").focus()
    grid.keyboard.press("ArrowRight")
    grid.keyboard.press("ArrowRight")
    expect(cell(grid, 0, "Price")).to_be_focused()
    grid.keyboard.type("9,5")
    grid.keyboard.press("Enter")
    expect(cell(grid, 0, "Price")).to_have_text("9.50")
    expect(cell(grid, 1, "Price")).to_be_focused()
    grid.keyboard.type("cheap")
    grid.keyboard.press("Enter")
    expect(cell(grid, 1, "Price")).to_have_attribute("aria-invalid", "true")
    expect(cell(grid, 1, "Price")).to_contain_text("is not an amount")
    grid.keyboard.press("ArrowUp")
    grid.keyboard.press("Escape")
    expect(cell(grid, 1, "Price")).to_have_text("12.50")
    grid.keyboard.press("Control+z")
    expect(cell(grid, 0, "Price")).to_have_text("12.50")


def test_cells_are_pasted_after_a_look_at_what_changes_and_undone(grid: Page) -> None:
    cell(grid, 0, "Brand").click()
    paste(grid, 'Acme\t"Two\nlines"\r\nBolt\t"say ""so"""\r\nCrux\tthree\r\n')
    diff = grid.get_by_role("dialog", name="What would change")
    expect(diff).to_contain_text("6 cells")
    diff.get_by_role("button", name="Change 6 cells").click()
    expect(cell(grid, 2, "Brand")).to_have_text("Crux")
    expect(cell(grid, 1, "Description")).to_have_text('say "so"')
    expect(cell(grid, 0, "Brand")).to_be_focused()
    grid.keyboard.press("Control+z")
    expect(cell(grid, 2, "Brand")).to_have_text("")


def test_a_value_is_filled_down(grid: Page) -> None:
    cell(grid, 0, "Tags").click()
    grid.keyboard.type("metal")
    grid.keyboard.press("Enter")
    expect(cell(grid, 0, "Tags")).to_have_text("metal")
    grid.keyboard.press("ArrowUp")
    grid.keyboard.press("Shift+ArrowDown")
    grid.keyboard.press("Shift+ArrowDown")
    expect(grid.locator("[aria-selected='true']")).to_have_count(3)
    grid.keyboard.press("Control+d")
    grid.get_by_role("button", name="Change 2 cells").click()
    expect(cell(grid, 2, "Tags")).to_have_text("metal")


def test_find_and_replace_shows_the_difference_and_is_undone(grid: Page) -> None:
    cell(grid, 0, "SKU").click()
    grid.keyboard.press("Control+h")
    grid.get_by_label("Find", exact=True).fill("f-")
    grid.get_by_label("New value").fill("FORGE-")
    grid.keyboard.press("Enter")
    diff = grid.get_by_role("dialog", name="What would change")
    expect(diff).to_contain_text("FORGE-2")
    diff.get_by_role("button", name="Change 3 cells").click()
    expect(cell(grid, 0, "SKU")).to_have_text("FORGE-0")
    grid.get_by_role("button", name="Undo").click()
    expect(cell(grid, 0, "SKU")).to_have_text("F-0")


def test_columns_are_chosen_and_ordered_by_keyboard(grid: Page) -> None:
    grid.get_by_role("link", name="Columns").click()
    grid.get_by_label("GTIN").check()
    grid.get_by_role("button", name="Price further to the front").press("Enter")
    grid.get_by_role("button", name="Show these").click()
    added = grid.locator("[data-head][data-label='GTIN']")
    expect(added).to_be_visible()
    labels = grid.locator("[data-head]").evaluate_all("heads => heads.map((h) => h.dataset.label)")
    assert labels[:3] == ["Title", "Price", "SKU"]
    assert labels[-1] == "GTIN"
    grid.get_by_role("link", name="Columns").click()
    grid.get_by_role("button", name="The usual ones").click()
    expect(added).to_have_count(0)


def test_tab_leads_out_of_the_grid_and_back_to_the_same_cell(grid: Page) -> None:
    grid.locator("[data-cell][tabindex='0']").focus()
    grid.keyboard.press("ArrowDown")
    grid.keyboard.press("Tab")
    expect(grid.locator("[data-grid] :focus")).to_have_count(0)
    grid.keyboard.press("Shift+Tab")
    expect(cell(grid, 1, "Title")).to_be_focused()


def test_a_row_is_opened_as_a_form_by_keyboard(grid: Page) -> None:
    grid.locator("[data-cell][tabindex='0']").focus()
    grid.keyboard.press("Control+Enter")
    expect(grid.get_by_role("heading", name=TITLES[-1])).to_be_visible()
