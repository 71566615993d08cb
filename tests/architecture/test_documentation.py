from __future__ import annotations

import re
from pathlib import Path

import pytest

from prodintel.settings import Settings

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([A-Z0-9_]+)`", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_settings_table_of_the_readme_names_every_setting_and_no_other():
    table = section((ROOT / "README.md").read_text(encoding="utf-8"), "Settings")
    assert sorted(ROW.findall(table)) == sorted(name.upper() for name in Settings.model_fields)


def test_example_environment_names_only_settings_that_exist():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?([A-Z0-9_]+)=", example, re.MULTILINE))
    assert named <= {name.upper() for name in Settings.model_fields}


def test_every_dependency_has_its_reason():
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8").lower()
    pins = re.findall(
        r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==",
        (ROOT / "requirements.txt").read_text(encoding="utf-8")
        + (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert [name for name in pins if f"`{name.lower()}`" not in decisions] == []


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/decisions.md", "docs/tools.md"],
)
def test_links_between_the_documents_lead_somewhere(page):
    file = ROOT / page
    links = LINK.findall(file.read_text(encoding="utf-8"))
    missing = [link for link in links if not (file.parent / link).exists()]
    assert missing == []
