"""An ad's card: as it may look in its channel, and below it each text with all that is to be said."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tools.blocks import Block, Context, dom_id, presents
from tools.counting import length
from tools.kinds.ad_campaign.ads import Ad, Text, problems_of
from tools.kinds.ad_campaign.channels import channels
from tools.kinds.ad_campaign.claims import Checker
from tools.kinds.ad_campaign.evidence import lexicon, support_of
from tools.kinds.base import RUNNING

KIND = "ad_campaign_ad"
PREVIEWED = frozenset({"google", "meta", "tiktok", "email", "marketplace"})


@presents(KIND)
def ad_card(block: Block, run: Any) -> Context:
    """What `tools/blocks/ad_campaign_ad.html` needs."""
    ad = Ad.model_validate(block["data"])
    if not ad.variants and block["state"] == RUNNING:
        return {"template": "", "skeleton": True}
    card = _Card(ad, dom_id(block["id"]), block.get("edited") or {}, run)
    return {
        "ad": ad,
        "preview": f"tools/ads/_{ad.channel}.html" if ad.channel in PREVIEWED else "",
        "variants": [card.variant(number) for number in range(len(ad.variants))],
    }


class _Card:
    """`edited` has the places of texts that people changed: these are checked as they are now."""

    def __init__(self, ad: Ad, element: str, edited: Mapping[str, Any], run: Any) -> None:
        self._ad = ad
        self._element = element
        self._edited = edited
        self._evidence = getattr(run, "evidence", None) or {}

    def variant(self, number: int) -> Context:
        variant = self._ad.variants[number]
        return {
            "label": variant.label if len(self._ad.variants) > 1 else "",
            "notes": variant.notes,
            "texts": {kind: [one.text for one in texts] for kind, texts in variant.texts.items()},
            "groups": [
                {
                    "limit": self._ad.limits[kind],
                    "id": f"{self._element}-{number}-{kind}",
                    "texts": [self._text(one, number, kind, at) for at, one in enumerate(texts)],
                }
                for kind, texts in variant.texts.items()
                if kind in self._ad.limits
            ],
        }

    def _text(self, one: Text, variant: int, kind: str, at: int) -> Context:
        place = f"variants.{variant}.texts.{kind}.{at}.text"
        limit, edited = self._ad.limits[kind], place in self._edited
        return {
            "text": one.text,
            "place": place,
            "id": f"{self._element}-{variant}-{kind}-{at}",
            "length": (used := length(one.text, limit.counted)),
            "over": used > limit.limit,
            "cites": one.cites,
            "problems": self._problems(kind, one.text) if edited else one.problems,
            "repair": None if edited else one.repair,
            "edited": edited,
        }

    def _problems(self, kind: str, text: str) -> list[str]:
        channel = channels().get(self._ad.channel)
        if channel is None or kind not in channel.texts or not self._evidence.get("facts"):
            return []
        return problems_of(channel, kind, text, self._checker)

    @cached_property
    def _checker(self) -> Checker:
        return Checker(support_of(self._evidence), lexicon())
