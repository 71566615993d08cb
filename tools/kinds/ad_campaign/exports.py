"""Files of a campaign: Google Ads Editor, Merchant, and each channel's texts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.utils.text import slugify
from django.utils.xmlutils import SimplerXMLGenerator

from prodintel.lib.csv_files import csv_text
from tools.counting import length
from tools.kinds.ad_campaign.ads import Ad, Variant
from tools.kinds.ad_campaign.channels import channels
from tools.kinds.base import Data, Download

# The headings by which Google Ads Editor knows its columns, in English whatever its language:
# https://support.google.com/google-ads/editor/answer/57747
HEADLINES, DESCRIPTIONS, PATHS = 15, 4, 2
EDITOR_COLUMNS = [
    "Campaign",
    "Ad group",
    "Ad type",
    *(f"Headline {number}" for number in range(1, HEADLINES + 1)),
    *(f"Description {number}" for number in range(1, DESCRIPTIONS + 1)),
    *(f"Path {number}" for number in range(1, PATHS + 1)),
    "Final URL",
    "Status",
]
# A sign that a spreadsheet takes for a formula is left out, since the mark against that would be of the
# ad, and may be one character too many.
NO_BEGINNING = "=+-@ \t\r\n"
AI_MADE = "trained_algorithmic_media"
MERCHANT_NAMESPACE = "http://base.google.com/ns/1.0"
NONE: AttributesImpl[str] = AttributesImpl({})
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
TABLE_COLUMNS = [
    "Channel",
    "Variant",
    "Text",
    "Number",
    "Words",
    "Length",
    "Limit",
    "Rests on",
    "To check",
]


def ads_of(output: Mapping[str, Any]) -> dict[str, Ad]:
    """The ads that a run has made, by channel; those that failed are not there."""
    return {
        key: Ad.model_validate(output[key])
        for key in channels()
        if isinstance(output.get(key), dict)
    }


def table(output: Data) -> list[list[Any]] | None:
    """Every text of the campaign on a row of its own."""
    rows = [
        [
            ad.title,
            variant.label,
            ad.limits[kind].label,
            number,
            one.text,
            length(one.text, ad.limits[kind].counted),
            ad.limits[kind].limit,
            "; ".join(cite.label for cite in one.cites),
            "; ".join(one.problems),
        ]
        for ad in ads_of(output).values()
        for variant in ad.variants
        for kind, texts in variant.texts.items()
        for number, one in enumerate(texts, 1)
    ]
    return [list(TABLE_COLUMNS), *rows] if rows else None


def downloads(output: Data) -> dict[str, Download]:
    """The files that the channels of this campaign take."""
    ads, product = ads_of(output), output.get("product", {})
    name = slugify(str(product.get("title", ""))) or "ads"
    found = {
        f"{key}_text": Download(
            f"{ad.title}, as text", f"{name}-{key}.txt", "text/plain; charset=utf-8", as_text(ad)
        )
        for key, ad in ads.items()
    }
    if "google" in ads:
        found["google_ads_editor"] = Download(
            "Google Ads Editor, CSV",
            f"{name}-google-ads-editor.csv",
            "text/csv; charset=utf-8",
            csv_text([EDITOR_COLUMNS, *editor_rows(ads["google"], product)]),
        )
    if "marketplace" in ads:
        found["merchant"] = Download(
            "Google Merchant, XML",
            f"{name}-merchant.xml",
            "application/xml; charset=utf-8",
            merchant_xml(ads["marketplace"], product),
        )
    return found


def editor_rows(ad: Ad, product: Mapping[str, Any]) -> Iterator[list[str]]:
    """A responsive search ad a variant, paused: whoever imports it decides when it runs."""
    title, brand = str(product.get("title", "")), str(product.get("brand", ""))
    named = brand.casefold() in title.casefold()
    campaign = title if named else f"{brand} {title}".strip()
    for variant in ad.variants:
        yield [
            campaign or "Prodintel",
            f"{title or 'Product'} {variant.label}",
            "Responsive search ad",
            *_padded(variant, "headlines", HEADLINES),
            *_padded(variant, "descriptions", DESCRIPTIONS),
            *_padded(variant, "paths", PATHS),
            str(product.get("product_url", "")),
            "Paused",
        ]


def _padded(variant: Variant, kind: str, most: int) -> list[str]:
    texts = [text.lstrip(NO_BEGINNING) for text in said_of(variant).get(kind, ())]
    texts = [text for text in texts if text][:most]
    return texts + [""] * (most - len(texts))


def said_of(variant: Variant) -> dict[str, list[str]]:
    """The texts by their kind, without those that people have emptied."""
    said = {
        kind: [one.text for one in texts if one.text.strip()]
        for kind, texts in variant.texts.items()
    }
    return {kind: texts for kind, texts in said.items() if texts}


def as_text(ad: Ad) -> str:
    """An ad to be copied from: what each text is, and how AI-written text is declared."""
    lines = [ad.title]
    for variant in ad.variants:
        lines += ["", f"Variant {variant.label}"] if len(ad.variants) > 1 else []
        for kind, texts in said_of(variant).items():
            lines += ["", ad.limits[kind].label, *texts]
    made_by = "Draft written by rules from the catalogue." if ad.draft else "Written with AI."
    lines += ["", "--", made_by, *([ad.declared] if ad.declared else [])]
    return "\n".join(lines) + "\n"


def merchant_xml(ad: Ad, product: Mapping[str, Any]) -> str:
    """A supplemental feed with the texts of the ad's first variant for all that is sold of the
    product. What a model wrote is declared so, also once people edited it.
    """
    stream = io.StringIO()
    xml = SimplerXMLGenerator(stream, "utf-8")
    xml.startDocument()
    xml.startElement("rss", AttributesImpl({"version": "2.0", "xmlns:g": MERCHANT_NAMESPACE}))
    xml.startElement("channel", NONE)
    _element(xml, "title", str(product.get("title", "")))
    _element(xml, "link", str(product.get("product_url", "")))
    _element(xml, "description", "Supplemental feed")
    for sku in product.get("skus", ()):
        _item(xml, ad, str(sku))
    for name in ("channel", "rss"):
        xml.endElement(name)
    xml.endDocument()
    return stream.getvalue()


def _item(xml: SimplerXMLGenerator, ad: Ad, sku: str) -> None:
    xml.startElement("item", NONE)
    _element(xml, "g:id", sku)
    texts = said_of(ad.variants[0]) if ad.variants else {}
    for kind in ("title", "description"):
        for text in texts.get(kind, [])[:1]:
            _said(xml, kind, text, by_rules=ad.draft)
    for text in texts.get("highlights", ()):
        _element(xml, "g:product_highlight", text)
    xml.endElement("item")


def _said(xml: SimplerXMLGenerator, kind: str, text: str, *, by_rules: bool) -> None:
    if by_rules:
        _element(xml, f"g:{kind}", text)
        return
    xml.startElement(f"g:structured_{kind}", NONE)
    _element(xml, "g:digital_source_type", AI_MADE)
    _element(xml, "g:content", text)
    xml.endElement(f"g:structured_{kind}")


def _element(xml: SimplerXMLGenerator, name: str, text: str) -> None:
    # Edited texts may hold what XML cannot.
    xml.addQuickElement(name, NOT_XML.sub("", text))
