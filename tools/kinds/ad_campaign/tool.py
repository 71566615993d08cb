"""The tool: five channels at once, each in a card of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from catalog.models import Product
from prodintel.llm.types import LanguageModelError
from tools.kinds.ad_campaign import exports, prompts
from tools.kinds.ad_campaign.ads import (
    Ad,
    Overrun,
    Text,
    Variant,
    empty_ad,
    finished_ad,
    growing_ad,
    overruns,
    repaired,
    revised_ad,
)
from tools.kinds.ad_campaign.answers import Rewritten, answer_schema, fitted, written
from tools.kinds.ad_campaign.cards import KIND
from tools.kinds.ad_campaign.channels import Channel, channels
from tools.kinds.ad_campaign.claims import Checker
from tools.kinds.ad_campaign.drafts import draft
from tools.kinds.ad_campaign.evidence import gathered, lexicon, support_of
from tools.kinds.ad_campaign.options import CampaignForm, Options
from tools.kinds.base import DONE, RUNNING, Block, Data, Download, Evidence, Run, Tool

FIELDS = "use_this"
CHECKED_LANGUAGES = frozenset({"en", "de", "fr", "es"})
ELSEWHERE = (
    "Claims in words are looked for in English, German, French and Spanish. In this language only "
    "numbers, prices and discounts were checked: read the rest yourself."
)
ELSEWHERE_USED = (
    "The catalogue keeps its texts in “{own}”, and this listing is in “{language}”: it can be copied "
    "and downloaded, but not suggested for the product."
)
NO_URL = (
    "The product has no address in a shop: in the file for Google Ads Editor the column “Final URL” is "
    "empty, and Google takes no ad without it. Enter it as the product's URL."
)
DRAFTED = (
    "These are drafts, put together by rules from the catalogue's facts; what a machine guessed and "
    "nobody confirmed is left out. Connect a language model in the settings to have ads written."
)


class Advertised(BaseModel):
    """`skus` are those of all that is sold of it; without any its id stands for it."""

    title: str = ""
    brand: str = ""
    product_url: str = ""
    skus: list[str] = []


class Campaign(BaseModel):
    """A run's output: an ad a channel, and what files of them need to know of the product."""

    google: Ad | None = None
    meta: Ad | None = None
    tiktok: Ad | None = None
    email: Ad | None = None
    marketplace: Ad | None = None
    product: Advertised = Advertised()


class AdCampaign(Tool):
    key: ClassVar[str] = "ad_campaign"
    title: ClassVar[str] = "Ad campaign"
    summary: ClassVar[str] = (
        "Ads for five channels at once, within what each allows, every claim with what it rests on."
    )
    icon: ClassVar[str] = "megaphone"
    options: ClassVar[type[BaseModel]] = Options
    output: ClassVar[type[BaseModel]] = Campaign
    prompt_version: ClassVar[str] = prompts.VERSION
    max_calls: ClassVar[int] = 10
    tokens_a_run: ClassVar[int] = 9_000

    def form(
        self, product: Product, data: Any = None, initial: Mapping[str, Any] | None = None
    ) -> CampaignForm:
        return CampaignForm(product.catalog, data, initial=dict(initial) if initial else None)

    def gather(self, product: Product, options: Any) -> Evidence:
        return gathered(product, options)

    async def perform(self, run: Run) -> None:
        facts = run.evidence.facts
        support = support_of(facts)
        checker = Checker(support, await run.in_thread(lexicon, facts))
        run.put(product={key: facts[key] for key in ("title", "brand", "product_url", "skus")})
        await _notices(run)
        chosen = [channels()[key] for key in run.options.channels]
        if not run.has_model:
            for channel in chosen:
                texts = [draft(channel, facts, support)]
                made = finished_ad(channel, texts, checker, by=_by(run), draft=True)
                await _show_finished(run, channel, made)
            return
        for channel in chosen:
            await run.show(_card(channel, RUNNING, _empty(run, channel)))
        await run.together(*(_write(run, channel, checker) for channel in chosen))

    def revised(self, output: Data, evidence: Data, edited: Mapping[str, Collection[str]]) -> Data:
        checker = Checker(support_of(evidence), lexicon(evidence))
        changed = {
            key: revised_ad(ad, edited[key], checker).model_dump(mode="json")
            for key, ad in exports.ads_of(output).items()
            if key in edited
        }
        return {**output, **changed}

    def table(self, output: Data) -> list[list[Any]] | None:
        return exports.table(output)

    def downloads(self, output: Data) -> dict[str, Download]:
        return exports.downloads(output)


async def _notices(run: Run) -> None:
    if not run.has_model:
        await run.show(Block("draft", "notice", data={"level": "info", "text": DRAFTED}))
    if _primary(run.evidence.facts["language"]) not in CHECKED_LANGUAGES:
        await run.show(Block("language", "notice", data={"level": "warning", "text": ELSEWHERE}))
    if "google" in run.options.channels and not run.evidence.facts["product_url"]:
        await run.show(Block("no_url", "notice", data={"level": "warning", "text": NO_URL}))


async def _write(run: Run, channel: Channel, checker: Checker) -> None:
    """One channel's ad. Raises LanguageModelError."""
    known = run.finished(channel.key)
    if known is not None:
        await _show_finished(run, channel, Ad.model_validate(known))
        return
    options: Options = run.options
    messages = prompts.ad_messages(run.catalog, channel, options, run.evidence.facts)
    answer = await run.fill(
        _card(channel, RUNNING, _empty(run, channel)),
        messages,
        answer_schema(channel, options.variants),
        max_tokens=prompts.answer_tokens(channel, options.variants),
        shown=lambda part: growing_ad(channel, written(part, channel), by=_by(run)).model_dump(
            mode="json"
        ),
    )
    variants = written(answer.model_dump(), channel)
    overs = overruns(channel, variants)
    asked = [over for over in overs if not over.limit.slug]
    shorter = await _shorter(run, channel, asked) if asked else []
    rest = [over for over in overs if over.limit.slug]
    repairs = repaired(asked, shorter) | repaired(rest, ())
    made = finished_ad(channel, variants, checker, repairs, by=_by(run))
    await _show_finished(run, channel, made)


async def _shorter(run: Run, channel: Channel, overs: Sequence[Overrun]) -> list[str]:
    """What the model makes of texts that were too long; nothing where it cannot be asked."""
    messages = prompts.repair_messages(run.catalog, channel, run.options, overs)
    try:
        answer = await run.ask(messages, Rewritten, max_tokens=prompts.repair_tokens(overs))
    except LanguageModelError:
        # The ad is there and paid for: what is too long is cut.
        return []
    return [fitted(text, over.limit) for over, text in zip(overs, answer.texts, strict=False)]


async def _show_finished(run: Run, channel: Channel, made: Ad) -> None:
    data = made.model_dump(mode="json")
    run.put(**{channel.key: data})
    await run.show(_card(channel, DONE, data))
    if channel.key == "marketplace":
        await run.show(_to_use(run, made))


def _card(channel: Channel, state: str, data: Data) -> Block:
    return Block(channel.key, KIND, channel.title, data, state)


def _empty(run: Run, channel: Channel) -> Data:
    return empty_ad(channel, by=_by(run)).model_dump(mode="json")


def _by(run: Run) -> str:
    facts = run.evidence.facts
    return str(facts["brand"] or facts["title"])


def _to_use(run: Run, made: Ad) -> Block:
    """Title and description of the listing, to be suggested for the product's own."""
    language, own = run.evidence.facts["language"], run.catalog.language
    if _primary(language) != _primary(own):
        text = ELSEWHERE_USED.format(own=own, language=language)
        return Block(FIELDS, "notice", data={"level": "info", "text": text})
    fields = [
        _field(made, variant, kind, one, language)
        for kind in ("title", "description")
        for variant in _best_first(made, kind)
        for one in variant.texts.get(kind, [])[:1]
    ]
    return Block(FIELDS, "fields", "Use in the listing", {"fields": fields})


def _best_first(made: Ad, kind: str) -> list[Variant]:
    """Those with the fewest faults first: where nobody chooses, the first is suggested."""
    return sorted(
        made.variants, key=lambda each: sum(len(one.problems) for one in each.texts.get(kind, ()))
    )


def _field(made: Ad, variant: Variant, kind: str, one: Text, language: str) -> Data:
    limit = made.limits[kind]
    named = f", variant {variant.label}" if len(made.variants) > 1 else ""
    return {
        "key": f"{kind}_{variant.label}",
        "field": kind,
        "label": f"{limit.label}{named}",
        "value": one.text,
        "locale": language,
        "limit": limit.limit,
        "count": limit.counted,
        "note": "; ".join(one.problems),
        "cites": [{"label": cite.label, "url": cite.url} for cite in one.cites],
    }


def _primary(language: str) -> str:
    return language.partition("-")[0].casefold()
