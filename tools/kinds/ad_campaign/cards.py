"""An ad's card: as it may look in its channel, and below it each text with all that is to be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.blocks import Block, Context, dom_id, presents
from tools.counting import length
from tools.kinds.ad_campaign.ads import Ad, Limit, Text, Variant
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
    element = dom_id(block["id"])
    product = getattr(run, "evidence", None) or {}
    return {
        "ad": ad,
        "brand": product.get("brand") or product.get("title") or "",
        "preview": f"tools/ads/_{ad.channel}.html" if ad.channel in PREVIEWED else "",
        "variants": [
            {
                "label": variant.label if len(ad.variants) > 1 else "",
                "notes": variant.notes,
                "texts": {
                    kind: [one.text for one in texts] for kind, texts in variant.texts.items()
                },
                "groups": list(_groups(ad, number, variant, element, edited)),
            }
            for number, variant in enumerate(ad.variants)
        ],
    }


def _groups(
    ad: Ad, number: int, variant: Variant, element: str, edited: Mapping[str, Any]
) -> Iterator[Context]:
    """The texts of each kind, each with its place in the block's data."""
    for kind, texts in variant.texts.items():
        limit = ad.limits.get(kind)
        if limit is None:
            continue
        yield {
            "limit": limit,
            "id": f"{element}-{number}-{kind}",
            "texts": [
                _text(
                    one,
                    limit,
                    f"variants.{number}.texts.{kind}.{at}.text",
                    f"{element}-{number}-{kind}-{at}",
                    edited,
                )
                for at, one in enumerate(texts)
            ],
        }


def _text(one: Text, limit: Limit, place: str, element: str, edited: Mapping[str, Any]) -> Context:
    is_edited = place in edited
    return {
        "text": one.text,
        "place": place,
        "id": element,
        "length": (used := length(one.text, limit.counted)),
        "over": used > limit.limit,
        "cites": one.cites,
        # What was found wrong was found in the text as it was.
        "problems": [] if is_edited else one.problems,
        "repair": None if is_edited else one.repair,
        "edited": is_edited,
    }
