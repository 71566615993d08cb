"""An ad's card: as it may look in its channel, and below it each text with all that is to be said."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tools.blocks import Block, Context, dom_id, presents
from tools.counting import length
from tools.kinds.ad_campaign.ads import Ad, Limit, Text, place_of, revised_ad
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
    edited = block.get("edited") or {}
    evidence = getattr(run, "evidence", None) or {}
    if edited and evidence.get("facts"):
        ad = revised_ad(ad, edited, Checker(support_of(evidence), lexicon(evidence)))
    element = dom_id(block["id"])
    return {
        "ad": ad,
        # A picture that is replaced ten times a second flickers.
        "photo": evidence.get("photo") if block["state"] != RUNNING else None,
        "preview": f"tools/ads/_{ad.channel}.html" if ad.channel in PREVIEWED else "",
        "variants": [_variant(ad, number, element, edited) for number in range(len(ad.variants))],
    }


def _variant(ad: Ad, number: int, element: str, edited: Collection[str]) -> Context:
    variant = ad.variants[number]
    return {
        "label": variant.label if len(ad.variants) > 1 else "",
        "notes": variant.notes,
        "texts": {kind: [one.text for one in texts] for kind, texts in variant.texts.items()},
        "groups": [
            {
                "limit": ad.limits[kind],
                "id": f"{element}-{number}-{kind}",
                "texts": [
                    {
                        **_text(one, ad.limits[kind]),
                        "place": (place := place_of(number, kind, at)),
                        "id": f"{element}-{number}-{kind}-{at}",
                        "edited": place in edited,
                    }
                    for at, one in enumerate(texts)
                ],
            }
            for kind, texts in variant.texts.items()
            if kind in ad.limits
        ],
    }


def _text(one: Text, limit: Limit) -> Context:
    return {
        "text": one.text,
        "length": (used := length(one.text, limit.counted)),
        "over": used > limit.limit,
        "cites": one.cites,
        "problems": one.problems,
        "repair": one.repair,
    }
