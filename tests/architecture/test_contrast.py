"""The colours of static/css/tokens.css keep the contrast of WCAG 2.2 AA in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
PAIR = re.compile(r"--(color-[\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\);")
COLOURS = {
    name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS.read_text())
}

TEXT = 4.5  # WCAG 2.2, 1.4.3: text of any size
SHAPE = 3.0  # WCAG 2.2, 1.4.11: borders of controls, icons, focus rings, series of a chart

SURFACES = ("canvas", "surface", "sunken", "hover")

TEXT_PAIRS = [
    *(
        (text, surface)
        for text in ("text", "muted", "faint", "accent-text")
        for surface in SURFACES
    ),
    *(
        (text, surface)
        for text in ("success", "warning", "danger")
        for surface in ("canvas", "surface", f"{text}-soft")
    ),
    ("accent-text", "accent-soft"),
    ("text", "accent-soft"),
    ("muted", "accent-soft"),
    ("on-primary", "primary"),
    ("on-primary", "primary-hover"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-danger", "danger"),
    ("on-danger", "danger-hover"),
]
SHAPE_PAIRS = [
    *(
        (shape, surface)
        for shape in ("control-border", "accent", "primary")
        for surface in ("canvas", "surface")
    ),
    ("accent", "sunken"),
    ("accent", "border"),
    ("accent", "accent-soft"),
    *((f"chart-{number}", "surface") for number in range(1, 7)),
]


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" as WCAG 2.2 defines it, 0 to 1."""

    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_every_colour_token_has_a_light_and_a_dark_value() -> None:
    declared = set(re.findall(r"^\s*--(color-[\w-]+):", TOKENS.read_text(), flags=re.MULTILINE))
    assert declared == set(COLOURS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), TEXT_PAIRS)
def test_text_is_readable(text: str, surface: str, theme: str) -> None:
    ratio = contrast(COLOURS[f"color-{text}"][theme], COLOURS[f"color-{surface}"][theme])
    assert ratio >= TEXT, f"{text} on {surface} has {ratio:.2f} in the {theme} theme"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "surface"), SHAPE_PAIRS)
def test_shapes_are_visible(shape: str, surface: str, theme: str) -> None:
    ratio = contrast(COLOURS[f"color-{shape}"][theme], COLOURS[f"color-{surface}"][theme])
    assert ratio >= SHAPE, f"{shape} on {surface} has {ratio:.2f} in the {theme} theme"


def test_no_other_style_sheet_names_a_colour_of_its_own() -> None:
    # The admin's pages have unfold's theme, which these tokens do not follow.
    apart = {TOKENS, TOKENS.parent / "admin.css"}
    sheets = [sheet for sheet in TOKENS.parent.rglob("*.css") if sheet not in apart]
    named = {
        sheet.name: found
        for sheet in sheets
        if (found := re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(", sheet.read_text()))
    }
    assert sheets
    assert named == {}
