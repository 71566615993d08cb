"""The shipped channels say where their limits come from; a broken file is found at the start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from tools import checks
from tools.kinds.ad_campaign import channels as module
from tools.kinds.ad_campaign.channels import (
    Channel,
    ChannelsError,
    RuleName,
    Sourced,
    channels,
    read_channels,
)
from tools.kinds.ad_campaign.policy import CHECKS, SAID, in_words
from tools.kinds.ad_campaign.tool import Campaign

LIMITS = {
    ("google", "headlines"): ("weighted", 30, 3, 15),
    ("google", "descriptions"): ("weighted", 90, 2, 4),
    ("google", "paths"): ("weighted", 15, 0, 2),
    ("meta", "primary_text"): ("utf16", 125, 1, 1),
    ("meta", "headline"): ("utf16", 40, 1, 1),
    ("meta", "caption"): ("utf16", 2200, 1, 1),
    ("tiktok", "ad_text"): ("weighted", 100, 1, 1),
    ("marketplace", "title"): ("chars", 150, 1, 1),
    ("marketplace", "description"): ("chars", 5000, 1, 1),
}
BROKEN = {
    "no toml": "[google",
    "no channel": "",
    "no source": '[a]\ntitle="A"\nicon="a"\n[a.texts.t]\nlabel="T"\ncounted="chars"\nlimit=3\nchecked=2026-01-01',
    "no date": '[a]\ntitle="A"\nicon="a"\n[a.texts.t]\nlabel="T"\ncounted="chars"\nlimit=3\nsource="https://x.example/"',
    "unknown counting": '[a]\ntitle="A"\nicon="a"\n[a.texts.t]\nlabel="T"\ncounted="bytes"\nlimit=3\nsource="https://x.example/"\nchecked=2026-01-01',
    "rule of no text": '[a]\ntitle="A"\nicon="a"\n[a.texts.t]\nlabel="T"\ncounted="chars"\nlimit=3\nsource="https://x.example/"\nchecked=2026-01-01\n[[a.rules]]\nname="no_link"\ntexts=["u"]\nsource="https://x.example/"\nchecked=2026-01-01',
    "a table in place of a channel": "google = 3",
}


def sourced() -> Iterator[tuple[str, Sourced]]:
    for key, channel in channels().items():
        yield from ((f"{key}.{kind}", limit) for kind, limit in channel.texts.items())
        yield from ((f"{key}.{rule.name}", rule) for rule in channel.rules)
        if channel.declared:
            yield f"{key}.declared", channel.declared


def test_every_limit_and_rule_has_a_source_and_a_day():
    today = datetime.now(UTC).date()
    for place, one in sourced():
        assert one.source.startswith("https://"), place
        assert one.checked <= today, place


@pytest.mark.parametrize(("place", "limit"), LIMITS.items(), ids=map(".".join, LIMITS))
def test_the_limits_are_those_of_the_channels(place: tuple[str, str], limit: tuple):
    found = channels()[place[0]].texts[place[1]]
    assert (found.counted, found.limit, found.least, found.most) == limit


def test_there_are_five_channels_and_the_output_knows_each():
    assert list(channels()) == ["google", "meta", "tiktok", "email", "marketplace"]
    assert set(channels()) <= set(Campaign.model_fields)


def test_every_rule_can_be_checked_and_told():
    assert set(SAID) == set(get_args(RuleName))
    assert set(CHECKS) == set(get_args(RuleName)) - {"all_different"}
    assert all(in_words(rule) for channel in channels().values() for rule in channel.rules)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_in_words(tmp_path: Path, text: str):
    (tmp_path / "channels.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ChannelsError, match=r"channels\.toml"):
        read_channels(tmp_path / "channels.toml")


def test_a_missing_file_is_refused_in_words(tmp_path: Path):
    with pytest.raises(ChannelsError, match="channels"):
        read_channels(tmp_path / "channels.toml")


@pytest.fixture
def broken_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "channels.toml").write_text("[google", encoding="utf-8")
    monkeypatch.setattr(module, "FILE", tmp_path / "channels.toml")
    channels.cache_clear()
    yield
    channels.cache_clear()


@pytest.mark.usefixtures("broken_file")
def test_the_site_does_not_start_with_a_broken_file():
    assert [error.id for error in checks.channels_can_be_read()] == ["prodintel.E020"]


def test_the_site_starts_with_the_shipped_file():
    assert checks.channels_can_be_read() == []


def test_channels_are_read_once_and_cannot_be_changed():
    assert channels()["google"] is channels()["google"]
    with pytest.raises(ValueError, match="frozen"):
        channels()["google"].title = "Another"
    assert isinstance(channels()["google"], Channel)
