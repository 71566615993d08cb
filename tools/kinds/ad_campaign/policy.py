"""What channels refuse in texts, whatever the product is. Each rule by its name in `channels.toml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from tools.kinds.ad_campaign.amounts import amounts
from tools.kinds.ad_campaign.channels import Rule, RuleName
from tools.kinds.ad_campaign.support import Support, claim_groups

PROMOTIONS = frozenset(
    ("discount", "free_delivery", "fast_delivery", "free_returns", "free_gift", "scarcity")
)
CALLS = re.compile(
    r"\b(?:buy now|shop now|order now|click here|jetzt kaufen|jetzt bestellen|acheter maintenant|compra ahora)\b",
    re.IGNORECASE,
)
LINK = re.compile(
    r"https?:|www\.|\b[\w-]+\.(?:com|net|org|shop|store|io|co|eu|de|fr|es|it|nl|at|ch|uk|us)\b",
    re.IGNORECASE,
)
MENTION = re.compile(r"(?<![\w.])@\w")
HASHTAG = re.compile(r"(?<!\w)#\w+")
REPEATED = re.compile(r"([!?.,;:*~#%&$€£+=_-])\s?\1")
PHONE = re.compile(r"(?<![\w.,])(?:\+|\(?0)\d[\d\s()/.-]{6,}\d(?!\w)|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b")
CAPITALS = re.compile(r"(?<!\w)[^\W\d_]{2,}(?!\w)")
SHORTEST_SHOUT = 4
EMOJI_BLOCKS = ((0x1F000, 0x1FAFF), (0x2600, 0x27BF), (0x2B00, 0x2BFF), (0xFE0F, 0xFE0F))
Check = Callable[[str, Rule, Support], str]


def breaches(text: str, rules: Sequence[Rule], support: Support) -> list[str]:
    """What each rule finds wrong with a text."""
    found = (CHECKS[rule.name](text, rule, support) for rule in rules if rule.name in CHECKS)
    return [problem for problem in found if problem]


def repeats(texts: Sequence[str]) -> list[int]:
    """The places of texts that say the same as one before them."""
    seen: set[str] = set()
    found = []
    for place, text in enumerate(texts):
        plain = _plain(text)
        if plain in seen:
            found.append(place)
        seen.add(plain)
    return found


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded)) or folded


def has_emoji(text: str) -> bool:
    return any(low <= ord(one) <= high for one in text for low, high in EMOJI_BLOCKS)


def _exclamation(text: str, _rule: Rule, _support: Support) -> str:
    return "has an exclamation mark" if re.search(r"[!\u00a1\uff01]", text) else ""


def _repeated(text: str, _rule: Rule, _support: Support) -> str:
    return "repeats punctuation" if REPEATED.search(text) else ""


def _emoji(text: str, _rule: Rule, _support: Support) -> str:
    return "has an emoji" if has_emoji(text) else ""


def _phone(text: str, _rule: Rule, _support: Support) -> str:
    return "has a phone number" if PHONE.search(text) else ""


def _capitals(text: str, _rule: Rule, support: Support) -> str:
    shouted = [
        word
        for word in CAPITALS.findall(text)
        if len(word) >= SHORTEST_SHOUT and word.isupper() and word not in support.names
    ]
    return f"is in capitals: {', '.join(shouted)}" if shouted else ""


def _link(text: str, _rule: Rule, _support: Support) -> str:
    return "has a link" if LINK.search(text) else ""


def _mention(text: str, _rule: Rule, _support: Support) -> str:
    return "mentions somebody" if MENTION.search(text) else ""


def _hash_or_braces(text: str, _rule: Rule, _support: Support) -> str:
    found = [sign for sign in "#{}" if sign in text]
    return f"has {' and '.join(found)}" if found else ""


def _hashtags(text: str, rule: Rule, _support: Support) -> str:
    count = len(HASHTAG.findall(text))
    return f"has {count} hashtags, {rule.most} at most" if count > rule.most else ""


def _promotion(text: str, _rule: Rule, _support: Support) -> str:
    for group in claim_groups():
        if group.key in PROMOTIONS and (match := group.pattern.search(text)):
            return f"is promotional: {match[0]}"
    if match := CALLS.search(text):
        return f"is promotional: {match[0]}"
    for amount in amounts(text):
        if amount.is_saving or amount.currencies:
            return f"is promotional: {amount.text}"
    return ""


def _one_word(text: str, _rule: Rule, _support: Support) -> str:
    return "has a space or a slash" if re.search(r"[\s/]", text) else ""


# `all_different` is of several texts: see `repeats`.
CHECKS: dict[RuleName, Check] = {
    "few_hashtags": _hashtags,
    "no_capitals": _capitals,
    "no_emoji": _emoji,
    "no_exclamation_mark": _exclamation,
    "no_hash_or_braces": _hash_or_braces,
    "no_link": _link,
    "no_mention": _mention,
    "no_phone_number": _phone,
    "no_promotion": _promotion,
    "no_repeated_punctuation": _repeated,
    "one_word": _one_word,
}
SAID: dict[RuleName, str] = {
    "all_different": "no two say the same",
    "few_hashtags": "at most {most} hashtags",
    "no_capitals": "no words in capitals",
    "no_emoji": "no emoji",
    "no_exclamation_mark": "no exclamation mark",
    "no_hash_or_braces": "no #, {{ or }}",
    "no_link": "no links or addresses of websites",
    "no_mention": "no @mentions",
    "no_phone_number": "no phone numbers",
    "no_promotion": "no prices, discounts, delivery promises or calls to buy",
    "no_repeated_punctuation": "no repeated punctuation",
    "one_word": "no spaces or slashes; join words with hyphens",
}


def in_words(rule: Rule) -> str:
    """The rule as a model is told it."""
    return SAID[rule.name].format(most=rule.most)
