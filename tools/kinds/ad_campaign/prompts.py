"""What the model is told, of each channel by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from catalog.models import Catalog
from catalog.money import money_text
from prodintel.llm.types import Message
from tools.kinds.ad_campaign.ads import Overrun
from tools.kinds.ad_campaign.channels import Channel, TextLimit
from tools.kinds.ad_campaign.options import Options
from tools.kinds.ad_campaign.policy import in_words
from tools.prompts import data_block, system_prompt

VERSION = "ad_campaign/1"
TASK = """\
You write the copy of one ad channel: {title}. Be concrete and plain; an ad that says one true thing \
well beats one that says many."""
COUNTED = {
    "chars": "Count characters with spaces.",
    "weighted": "Count characters with spaces; Chinese, Japanese and Korean characters and emoji count twice.",
    "utf16": "Count characters with spaces; an emoji counts as two or more.",
}
WANTED = """\
Write {variants} of the ad{angle}. These are its texts, and none may be longer than its limit:
{texts}
{counted} Aim a little below each limit.

Rules of this channel:
{rules}
- What the data do not tell, or what only a machine guessed, is left out without a word.{wishes}
- Prices, discounts, deadlines and delivery only as the facts or the offer say them, to the cent.
- No superlatives, no made-up reviews, numbers or certificates.
- Each text has in `cites` the keys of the facts behind what it says about the product.
"""
OFFERED = "\n- Make the most of the fact `offer` wherever the rules of this channel allow it."
SPOKEN_TO = "\n- Speak to the people that <audience> names, without naming them."
AGAIN = """\
These texts of the ad are too long for the channel. Write each anew within its limit, with the same \
meaning and nothing that was not in it. Answer in the same order, one text for each.
"""
# What an answer takes beside its texts: names of fields, keys of facts.
TOKENS_A_TEXT = 60
CHARACTERS_A_TOKEN = 2.5
# Nobody fills the 5,000 characters of a listing.
LONGEST_WANTED = 1500
FEWEST_TOKENS = 500


def ad_messages(
    catalog: Catalog, channel: Channel, options: Options, facts: Mapping[str, Any]
) -> list[Message]:
    """The prompt for one channel's ad."""
    known = {
        "facts": [
            {key: fact[key] for key in ("key", "label", "text")}
            | ({"by": "a machine, not confirmed"} if fact["unsure"] else {})
            for fact in facts["facts"]
        ],
        "prices": [_price(price) for price in facts["prices"]],
    }
    parts = [data_block("product", known)]
    if options.audience:
        parts.append(data_block("audience", options.audience))
    parts.append(_wanted(channel, options))
    return [_system(catalog, channel, options), Message("user", "\n\n".join(parts))]


def repair_messages(
    catalog: Catalog, channel: Channel, options: Options, overs: Sequence[Overrun]
) -> list[Message]:
    """The prompt that asks for shorter texts, and for those alone that are too long."""
    texts = [
        {
            "text": over.text,
            "what": over.limit.label,
            "limit": over.limit.limit,
            "length": over.length,
        }
        for over in overs
    ]
    counted = COUNTED[overs[0].limit.counted]
    user = f"{data_block('texts', texts)}\n\n{AGAIN}{counted}"
    return [_system(catalog, channel, options), Message("user", user)]


def answer_tokens(channel: Channel, variants: int) -> int:
    """Room for the answer: so many variants of all texts, each at its limit."""
    one = sum(
        limit.wanted * (min(limit.limit, LONGEST_WANTED) / CHARACTERS_A_TOKEN + TOKENS_A_TEXT)
        for limit in channel.texts.values()
    )
    return max(FEWEST_TOKENS, round(variants * one))


def repair_tokens(overs: Sequence[Overrun]) -> int:
    """Room for texts written anew."""
    return max(
        FEWEST_TOKENS, sum(round(over.limit.limit / CHARACTERS_A_TOKEN) + 20 for over in overs)
    )


def _system(catalog: Catalog, channel: Channel, options: Options) -> Message:
    if options.brand_voice:
        # The campaign's own voice, for these prompts alone.
        catalog = copy(catalog)
        catalog.brand_voice = options.brand_voice
    task = TASK.format(title=channel.title)
    text = system_prompt(catalog, task, language=options.language, tone=options.tone, plain=True)
    return Message("system", text)


def _price(price: Mapping[str, Any]) -> dict[str, str]:
    """The amounts as people write them."""
    told = {"amount": price["amount"], "before": price["before"]}
    amounts = {name: money_text(Decimal(amount)) for name, amount in told.items() if amount}
    return {"key": price["key"], **amounts, "currency": price["currency"]}


def _wanted(channel: Channel, options: Options) -> str:
    variants = options.variants
    rules = [
        f"- {' and '.join(channel.texts[text].label for text in rule.texts)}: {in_words(rule)}."
        for rule in channel.rules
    ]
    counted = {COUNTED[limit.counted] for limit in channel.texts.values()}
    return WANTED.format(
        variants="one variant" if variants == 1 else f"{variants} variants",
        angle="" if variants == 1 else ", each with an angle of its own",
        texts="\n".join(_text(name, limit) for name, limit in channel.texts.items()),
        counted=" ".join(sorted(counted)),
        rules="\n".join([*rules, "- Each text stands by itself."]),
        wishes=f"{OFFERED if options.offer else ''}{SPOKEN_TO if options.audience else ''}",
    )


def _text(name: str, limit: TextLimit) -> str:
    many = f"{limit.wanted} of them, " if limit.many else ""
    hint = f" ({limit.hint})" if limit.hint else ""
    return f"- `{name}`: {limit.label}{hint}; {many}at most {limit.limit} characters each"
