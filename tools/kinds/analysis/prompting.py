"""What is said to the models. `PROMPT_VERSION` changes whenever any of it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.describe import vocabulary
from catalog.describe.photos import Sent
from catalog.models import Catalog
from catalog.models.vocabulary import label_in
from prodintel.llm.types import Message
from tools.evidence import ProductFacts, data_block, system_prompt
from tools.kinds.analysis.options import Options

PROMPT_VERSION = "analysis/1"
TITLE_LIMIT = 70  # characters; search engines cut titles at about 60 to 70
META_LIMIT = 160  # what search engines show of it
ALT_LIMIT = 125  # what screen readers read in one go
DESCRIPTION_LIMIT = 5000  # Google Merchant Center's
MOST_ATTRIBUTES = 12
MOST_TERMS = 40

LOOK = "Say what its photos show, photo by photo, for colleagues who cannot see them."
REPORT = "Analyse the product and its listing for the shop's merchandisers."
SUGGEST = "Write texts and missing values for the product's listing."

REPORT_RULES = """\
- Every statement names in `cites` what it rests on: attributes (a1), variants (v1), photos (p1), their \
measured quality (q1), missing fields (m1), gaps (g1), similar products (n1), or "price".
- what_it_is: one or two sentences. audience: whom it suits, and why. positioning: what it is among \
the similar products by price, style and use.
- materials: only with the key of an attribute that says so, or of a photo that shows it.
- strengths and weaknesses: compare with the similar products, which are of the same catalogue and not \
the market. Compare prices only as "price" states it; do not work out numbers of your own.
- missing: of what `completeness` and `standing` list, what matters most.{audience}
"""
SUGGEST_RULES = """\
{wanted}\
- Claims of these texts rest on attributes, on the present texts or on photos, named in `cites`. What \
the data do not tell is left out of them without a word. No prices, superlatives, or promises.{audience}
"""
WANTED = {
    "title": "- title: the brand, what it is, and what sets it apart (colour, material, size), at most "
    "{title} characters.\n",
    "description": "- description: three to six sentences for a shopper, then what is worth knowing.\n",
    "meta_description": "- meta_description: for search results, at most {meta} characters.\n",
    "alt_text": "- alt_text: for each photo that is described below one sentence for somebody who "
    "cannot see it, without “photo of”, at most {alt} characters.\n",
    "attributes": "- attributes: values for those of the vocabulary below, by their keys, that a photo "
    "or a text of the product clearly shows; leave out all others.\n",
}


def look_messages(
    catalog: Catalog, facts: ProductFacts, photos: Mapping[str, Sent]
) -> list[Message]:
    """The photos by their keys, and what is known already, so that the names of things agree."""
    order = ", ".join(photos)
    known = {"title": facts.title, "category": facts.category_label}
    text = f"{data_block('product', known)}\nThe photos in order: {order}."
    images = tuple(each.image for each in photos.values())
    return [
        Message("system", system_prompt(catalog, LOOK, plain=True)),
        Message("user", text, images),
    ]


def report_messages(
    catalog: Catalog, evidence: Mapping[str, Any], seen: Mapping[str, Any] | None, options: Options
) -> list[Message]:
    rules = system_prompt(catalog, REPORT, tone=options.tone, plain=True)
    audience = _audience(options, "positioning and audience are about")
    names = ("product", "completeness", "photo_quality", "standing", "neighbours")
    shown = [data_block(name, evidence[name]) for name in names if evidence.get(name)]
    asked = "\n".join([*shown, _seen(seen)])
    return [
        Message("system", f"{rules}\n{REPORT_RULES.format(audience=audience)}"),
        Message("user", asked),
    ]


def suggest_messages(
    catalog: Catalog,
    evidence: Mapping[str, Any],
    seen: Mapping[str, Any] | None,
    options: Options,
    offered: Sequence[Mapping[str, Any]],
) -> list[Message]:
    """`offered` are the attributes that may be filled in, as `offered_attributes` gives them."""
    rules = system_prompt(catalog, SUGGEST, tone=options.tone, plain=True)
    wanted = "".join(text for name, text in WANTED.items() if name in options.suggest)
    limits = wanted.format(title=TITLE_LIMIT, meta=META_LIMIT, alt=ALT_LIMIT)
    audience = _audience(options, "the texts speak to")
    shown = [data_block("product", evidence["product"]), _seen(seen)]
    if offered:
        shown.append(data_block("vocabulary", offered))
    return [
        Message("system", f"{rules}\n{SUGGEST_RULES.format(wanted=limits, audience=audience)}"),
        Message("user", "\n".join(shown)),
    ]


def offered_attributes(evidence: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """The attributes that the product lacks, with their values: the first ones, by what most of
    its kind have.
    """
    words = vocabulary.current()
    path = str(evidence.get("category", ""))
    found: list[dict[str, Any]] = []
    for missing in evidence["completeness"]["missing"]:
        node = words.attributes.get(missing["field"])
        if node is None or len(found) == MOST_ATTRIBUTES:
            continue
        terms = [
            label_in(term.labels, language, term.key)
            for term in words.terms_of(node.key, path)[:MOST_TERMS]
        ]
        unit = {"unit": node.unit} if node.unit else {}
        values = {"values": terms, "only_these": node.closed} if terms else {}
        label = label_in(node.labels, language, node.key)
        found.append(
            {"attribute": node.key, "label": label, "kind": str(node.kind), **unit, **values}
        )
    return found


def _audience(options: Options, what: str) -> str:
    if not options.audience.strip():
        return ""
    wanted = " ".join(options.audience.split()).replace("<", " ")
    return f"\n- The people {what}: {wanted}."


def _seen(seen: Mapping[str, Any] | None) -> str:
    if not seen:
        return "The photos were not looked at: do not say what they show, and cite none of them."
    return data_block("photos_seen", seen["photos"])
