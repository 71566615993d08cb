"""What is said to the models. Whatever changes here changes `PROMPT_VERSION`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.models import Catalog
from prodintel.llm.types import Message
from tools.kinds.market_research.evidence import OWN_ONLY
from tools.prompts import data_block, system_prompt

PROMPT_VERSION = "market_research/1"
TASK = "You write a market research: how the product stands among the offers that you are given."
MANNER = """
How to write it:
- Each statement is one or two sentences and names in `cites` the keys of what it rests on: offers \
(r1), own products (n1), attributes (a1), variants (v1), computed figures (e1), web sources (w1).
- Every figure, prices and counts included, must be one of what the statement cites. Compute nothing: \
no sums, differences, averages or shares of your own. The figures say what there is to say.
- What you know from elsewhere has the basis "general knowledge", cites nothing and has no figures. \
What a web source says has the basis "web" and cites it. All else has the basis "rows".
- "confirmed" offers are the same product; "suggested" ones may be; "similar" ones are others. Do \
not take one for the other, and do not speak of prices in other currencies.
- Nothing is known of sales, demand or quality: predict none.
- situation: where the product stands. gaps: what others say or offer and this listing does not. \
opportunities, risks: what follows from that. recommendations: what to do with the listing, the most \
useful first. Leave a list empty rather than fill it.
"""
OWN = """
There are no competitors' offers: everything is of the shop's own assortment. Say how the product \
fits in there and nothing about a market or competitors.
"""
WEB_TASK = (
    "You search the web for offers that compete with the product, and for what buyers ask of such "
    "products."
)
WEB_MANNER = """
Search for the same and for comparable products in the product's market, their prices with currency, \
and what their listings claim. Report in at most 250 words what you found, each statement with the \
name of the site it is from. Say it when you find nothing. No links.
"""


def analysis(
    catalog: Catalog,
    facts: Mapping[str, Any],
    *,
    question: str,
    language: str,
    web: Sequence[Mapping[str, str]] = (),
) -> list[Message]:
    """What the analysis is asked with. `web` are sources with their keys."""
    rules = system_prompt(catalog, TASK, language=language) + MANNER
    if facts["basis"] == OWN_ONLY:
        rules += OWN
    blocks = [
        data_block("product", facts["product"]),
        data_block("offers", facts["compared"]),
        data_block("own_products", facts["own"]),
        data_block("figures", facts["figures"]),
        data_block("attribute_gaps", facts["gaps"]),
        data_block("claims", facts["claims"]),
    ]
    if web:
        blocks.append(data_block("web_sources", list(web)))
    if question:
        blocks.append("What the shop wants to know above all:\n" + data_block("question", question))
    return [Message("system", rules), Message("user", "\n\n".join(blocks))]


def web_search(
    catalog: Catalog, facts: Mapping[str, Any], *, question: str, language: str
) -> list[Message]:
    """What the search of the web is asked with: the product, and nothing of the shop's costs or rows."""
    product = facts["product"]
    told = {
        "title": product.get("title", ""),
        "brand": product.get("brand", ""),
        "category": product.get("category", ""),
        "attributes": {one["attribute"]: one["value"] for one in product["attributes"][:12]},
        "currency": facts["price"]["currency"],
        "language_of_the_shop": catalog.language,
    }
    blocks = [data_block("product", told)]
    if question:
        blocks.append(data_block("question", question))
    rules = system_prompt(catalog, WEB_TASK, language=language) + WEB_MANNER
    return [Message("system", rules), Message("user", "\n\n".join(blocks))]
