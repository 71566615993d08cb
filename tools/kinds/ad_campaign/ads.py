"""An ad as its card shows it: every text with its length, what it rests on, and what is wrong.

The data of a block of kind `ad_campaign_ad`, and the run's output under the channel's key, are an
`Ad` as JSON; a text is at `variants.0.texts.headlines.2.text` in both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tools.counting import Counted, length
from tools.kinds.ad_campaign.answers import Written
from tools.kinds.ad_campaign.channels import Channel, TextLimit, channels
from tools.kinds.ad_campaign.claims import Checker
from tools.kinds.ad_campaign.policy import breaches, repeats
from tools.kinds.ad_campaign.shortening import cuts_a_word, shorten

VARIANTS = "ABC"
LEFT_OUT = "all_different"


class Stored(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Repair(Stored):
    """A text that was too long: what it was, how long, and what became of it."""

    was: str
    length: int
    how: Literal["rewritten", "cut"]


class Cite(Stored):
    key: str
    label: str
    url: str = ""


class Text(Stored):
    text: str
    length: int = 0
    cites: list[Cite] = []
    problems: list[str] = []
    repair: Repair | None = None


class Limit(Stored):
    """The limit of a kind of text on the day of the run."""

    label: str
    limit: int
    counted: Counted
    strict: bool = True
    lines: bool = False
    many: bool = False


class Variant(Stored):
    label: str
    texts: dict[str, list[Text]] = {}
    notes: list[str] = []


class Ad(Stored):
    """`by` is who advertises: the brand, or what the product is called."""

    channel: str
    title: str
    by: str = ""
    draft: bool = False
    limits: dict[str, Limit] = {}
    variants: list[Variant] = []
    declared: str = ""


@dataclass(frozen=True)
class Place:
    """Where a text stands."""

    variant: int
    kind: str
    number: int


@dataclass(frozen=True)
class Overrun:
    """A text that is longer than its channel allows."""

    place: Place
    text: str
    limit: TextLimit

    @property
    def length(self) -> int:
        return length(self.text, self.limit.counted)


Texts = list[dict[str, list[Written]]]


def empty_ad(channel: Channel, *, by: str = "", draft: bool = False) -> Ad:
    """An ad of which nothing is written yet."""
    limits = {
        kind: Limit(many=limit.many, **limit.model_dump(include=LIMIT_FIELDS))
        for kind, limit in channel.texts.items()
    }
    declared = channel.declared.text if channel.declared and not draft else ""
    return Ad(
        channel=channel.key,
        title=channel.title,
        by=by,
        draft=draft,
        limits=limits,
        declared=declared,
    )


LIMIT_FIELDS = {"label", "limit", "counted", "strict", "lines"}


def growing_ad(channel: Channel, variants: Texts, *, by: str = "") -> Ad:
    """What there is so far: texts and lengths, not yet checked."""
    ad = empty_ad(channel, by=by)
    ad.variants = [
        Variant(
            label=VARIANTS[number],
            texts={
                kind: [_counted(one.text, channel.texts[kind]) for one in texts]
                for kind, texts in variant.items()
            },
        )
        for number, variant in enumerate(variants[: len(VARIANTS)])
    ]
    return ad


def overruns(channel: Channel, variants: Texts) -> list[Overrun]:
    """The texts that are too long, in their order."""
    return [
        Overrun(Place(number, kind, index), one.text, channel.texts[kind])
        for number, variant in enumerate(variants)
        for kind, texts in variant.items()
        for index, one in enumerate(texts)
        if length(one.text, channel.texts[kind].counted) > channel.texts[kind].limit
    ]


def repaired(overs: Sequence[Overrun], rewritten: Sequence[str]) -> dict[Place, Text]:
    """What becomes of texts that were too long: what the model made of each where that is there
    and fits, else the beginning that does. Of a path there may be none: half a word is no address.
    """
    found: dict[Place, Text] = {}
    for number, over in enumerate(overs):
        again = rewritten[number] if number < len(rewritten) else ""
        fits = bool(again) and length(again, over.limit.counted) <= over.limit.limit
        text = again if fits else _beginning(again or over.text, over.limit)
        repair = Repair(was=over.text, length=over.length, how="rewritten" if fits else "cut")
        found[over.place] = _counted(text, over.limit, repair)
    return found


def _beginning(text: str, limit: TextLimit) -> str:
    short = shorten(text, limit.limit, limit.counted)
    return "" if limit.slug and cuts_a_word(text, short) else short


def finished_ad(
    channel: Channel,
    variants: Texts,
    checker: Checker,
    repairs: dict[Place, Text] | None = None,
    *,
    by: str = "",
    draft: bool = False,
) -> Ad:
    """The ad with every text within its limit, checked against the facts and the channel's rules."""
    ad = empty_ad(channel, by=by, draft=draft)
    repairs = repairs if repairs is not None else repaired(overruns(channel, variants), ())
    for number, variant in enumerate(variants[: len(VARIANTS)]):
        made = Variant(label=VARIANTS[number])
        for kind, texts in variant.items():
            checked = []
            for index, one in enumerate(texts):
                text = repairs.get(Place(number, kind, index))
                text = text or _counted(one.text, channel.texts[kind])
                checked.append(_checked(channel, kind, text, one.cites, checker))
            whole, unfit = _fitting(channel.texts[kind], checked)
            made.texts[kind], alike = _different(channel, kind, whole)
            made.notes += unfit + alike
        made.notes += list(_missing(channel, made))
        ad.variants.append(made)
    return ad


def revised_ad(ad: Ad, edited: Collection[str], checker: Checker) -> Ad:
    """The ad with its texts at these places, which people changed, checked as they are now."""
    channel = channels().get(ad.channel)
    if channel is None:
        return ad
    made = ad.model_copy(deep=True)
    for number, variant in enumerate(made.variants):
        for kind in variant.texts.keys() & channel.texts.keys():
            variant.texts[kind] = [
                _checked(channel, kind, _counted(one.text, channel.texts[kind]), (), checker)
                if place_of(number, kind, at) in edited
                else one
                for at, one in enumerate(variant.texts[kind])
            ]
    return made


def place_of(variant: int, kind: str, number: int) -> str:
    """Where a text is in an ad's data."""
    return f"variants.{variant}.texts.{kind}.{number}.text"


def _counted(text: str, limit: TextLimit, repair: Repair | None = None) -> Text:
    return Text(text=text, length=length(text, limit.counted), repair=repair)


def _checked(
    channel: Channel, kind: str, text: Text, cites: Sequence[str], checker: Checker
) -> Text:
    """The text with what it rests on, which its writer named or its claims find, and its faults."""
    facts = checker.support.by_key()
    claims = checker.claims(text.text)
    keys = [*cites, *(key for claim in claims for key in claim.supported_by)]
    problems = [claim.problem for claim in claims if claim.problem]
    problems += breaches(text.text, channel.rules_of(kind), checker.support)
    problems += [f"cites what is not known: {key}" for key in cites if key not in facts]
    text.cites = [
        Cite(key=key, label=facts[key].label, url=facts[key].url)
        for key in dict.fromkeys(keys)
        if key in facts
    ]
    text.problems = list(dict.fromkeys(problems))
    return text


def _fitting(limit: TextLimit, texts: list[Text]) -> tuple[list[Text], list[str]]:
    """The texts without those of which nothing whole fits."""
    unfit = [one.repair.was for one in texts if not one.text and one.repair]
    named = ", ".join(f"“{text}”" for text in unfit)
    notes = [f"{limit.label}: left out, no whole word of it fits: {named}"] if unfit else []
    return [one for one in texts if one.text], notes


def _different(channel: Channel, kind: str, texts: list[Text]) -> tuple[list[Text], list[str]]:
    """The texts without those that repeat another, as long as enough are left."""
    if all(rule.name != LEFT_OUT for rule in channel.rules_of(kind)):
        return texts, []
    limit, again = channel.texts[kind], repeats([one.text for one in texts])
    spare = max(len(texts) - limit.least, 0)
    dropped = again[len(again) - spare :] if spare < len(again) else again
    for place in again:
        if place not in dropped:
            texts[place].problems.append("says the same as another")
    kept = [one for place, one in enumerate(texts) if place not in dropped]
    left_out = ", ".join(f"“{texts[place].text}”" for place in dropped)
    return kept, [f"{limit.label}: left out what repeats another: {left_out}"] if dropped else []


def _missing(channel: Channel, variant: Variant) -> Iterator[str]:
    for kind, limit in channel.texts.items():
        count_there = len(variant.texts.get(kind, ()))
        if count_there < limit.least:
            yield f"{limit.label}: {count_there} of at least {limit.least}"
