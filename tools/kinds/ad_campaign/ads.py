"""An ad as its card shows it: every text with its length, what it rests on, and what is wrong.

The data of a block of kind `ad_campaign_ad`, and the run's output under the channel's key, are an
`Ad` as JSON; a text is at `variants.0.texts.headlines.2.text` in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tools.counting import Counted, length
from tools.kinds.ad_campaign.answers import Written
from tools.kinds.ad_campaign.channels import Channel, TextLimit
from tools.kinds.ad_campaign.claims import Checker
from tools.kinds.ad_campaign.policy import breaches, repeats
from tools.kinds.ad_campaign.shortening import shorten

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
    and fits, else the beginning that does.
    """
    found: dict[Place, Text] = {}
    for number, over in enumerate(overs):
        again = rewritten[number] if number < len(rewritten) else ""
        fits = bool(again) and length(again, over.limit.counted) <= over.limit.limit
        text = again if fits else shorten(again or over.text, over.limit.limit, over.limit.counted)
        repair = Repair(was=over.text, length=over.length, how="rewritten" if fits else "cut")
        found[over.place] = _counted(text, over.limit, repair)
    return found


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
            checked = [
                _checked(channel, kind, one, repairs.get(Place(number, kind, index)), checker)
                for index, one in enumerate(texts)
            ]
            made.texts[kind], note = _different(channel, kind, checked)
            made.notes += note
        made.notes += list(_missing(channel, made))
        ad.variants.append(made)
    return ad


def problems_of(channel: Channel, kind: str, text: str, checker: Checker) -> list[str]:
    """What is wrong with a text: claims that nothing supports, and what its channel refuses."""
    claims = [claim.problem for claim in checker.claims(text) if claim.problem]
    return list(dict.fromkeys(claims + breaches(text, channel.rules_of(kind), checker.support)))


def _counted(text: str, limit: TextLimit, repair: Repair | None = None) -> Text:
    return Text(text=text, length=length(text, limit.counted), repair=repair)


def _checked(
    channel: Channel, kind: str, one: Written, repair: Text | None, checker: Checker
) -> Text:
    text = repair or _counted(one.text, channel.texts[kind])
    facts = checker.support.by_key()
    keys = [key for key in one.cites if key in facts]
    keys += [key for claim in checker.claims(text.text) for key in claim.supported_by]
    unknown = [key for key in one.cites if key not in facts]
    problems = problems_of(channel, kind, text.text, checker)
    problems += [f"cites what is not known: {key}" for key in unknown]
    text.cites = [
        Cite(key=key, label=facts[key].label, url=facts[key].url)
        for key in dict.fromkeys(keys)
        if key in facts
    ]
    text.problems = problems
    return text


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
