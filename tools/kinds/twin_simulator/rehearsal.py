"""A rehearsal under way: shoppers asked, several at once, and what they said put together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.describe.photos import NothingToSeeError, prepared
from catalog.models import Placement
from catalog.storage import StorageUnavailable
from prodintel.engine.configured import client
from prodintel.engine.errors import EngineError
from prodintel.llm.types import Image, LanguageModelError
from tools import personas
from tools.kinds.base import DONE, RUNNING, Block, Data, Run
from tools.kinds.twin_simulator import prompts, report
from tools.kinds.twin_simulator.answers import Answers, Sitting, shown
from tools.kinds.twin_simulator.claims import cleaned, without_claims
from tools.kinds.twin_simulator.gate import Rater, rater
from tools.kinds.twin_simulator.listing import Listing, Photo
from tools.kinds.twin_simulator.orders import order_for
from tools.kinds.twin_simulator.similarity import Array
from tools.personas import Persona, Suggested

AT_ONCE = 4
DRAWN = "Invented shoppers, drawn from templates by the seed. Nobody was asked."
SAVED = "Invented shoppers of the saved panel “{name}”. Nobody was asked."
SUGGESTED = (
    "Invented shoppers, suggested by a language model for what the seed drew. Nobody was asked."
)
NO_MODEL = (
    "A shopper's reaction cannot be had without a language model, and none is connected. What is shown "
    "here are the twins side by side and the panel that would be asked. Connect a model under Settings, "
    "Models, and run this again."
)
NO_FIGURES = "Only quotes are shown, and no figures of them."
LATER = "Follows when all shoppers have been heard."
CAUTION = (
    "These are reactions of a language model that plays shoppers. They help to find objections and "
    "questions before people have them. They do not say what people will do."
)


class Rehearsal:
    """One run of the tool, with a model. Used once."""

    def __init__(self, run: Run) -> None:
        self._run = run
        facts = run.evidence.facts
        self._twins = [read_listing(each) for each in facts["twins"]]
        self._labels = {twin.key: f"{twin.key[0]}: {twin.label}" for twin in self._twins}
        self._by_key = {twin.key: twin for twin in self._twins}
        self._panel = [Persona.model_validate(each) for each in facts["panel"]["personas"]]
        self._seats = asyncio.Semaphore(AT_ONCE)

    async def perform(self) -> None:
        """Ask everybody, then show what came of it."""
        await self._run.show(Block("caution", "notice", "", {"level": "info", "text": CAUTION}))
        for name, title in report.FIGURES.items():
            later: Data = {"level": "info", "text": LATER}
            await self._run.show(Block(name, "notice", title, later, state=RUNNING))
        # The sentence model may have to be loaded first: shoppers do not wait for it.
        scorer, answers = await asyncio.gather(self._scorer(), self._heard())
        if answers.cards:
            await self._conclude(answers, scorer)

    async def _scorer(self) -> Rater | None:
        """The rater, if it can be trusted; why not is shown where figures would stand."""
        try:
            scorer = await self._run.in_thread(rater, client().embed_sentences)
        except EngineError as error:
            await self._quotes_only(f"The sentence model does not answer: {error}")
            return None
        if not scorer.gate.passed:
            await self._quotes_only(scorer.gate.reason)
            return None
        return scorer

    async def _heard(self) -> Answers:
        """What all shoppers say, as far as they could be asked."""
        if self._run.evidence.facts["panel"]["source"] == "rules":
            await self._flesh_out()
        photos = await self._photos()
        sittings = self._sittings()
        cards = await self._run.together(*(self._ask(each, photos) for each in sittings))
        return Answers(
            twins=[twin.key for twin in self._twins],
            cards={
                (sitting.shopper, sitting.round): card
                for sitting, card in zip(sittings, cards, strict=True)
                if card is not None
            },
            shoppers=len(self._panel),
            rounds=self._run.options.rounds,
        )

    async def _flesh_out(self) -> None:
        """Have a model make the drawn shoppers concrete; those of an earlier try stay."""
        kept = self._run.finished("shoppers")
        if kept is None:
            context = self._run.evidence.facts["panel"]
            asked = personas.messages(
                category=context["category"],
                audience=self._run.options.audience,
                drawn=self._panel,
                language=self._run.catalog.language,
            )
            try:
                found = await self._run.ask(asked, Suggested, max_tokens=personas.MAX_TOKENS)
            except LanguageModelError:
                # The drawn ones do as well, and are labelled as such.
                return
            fresh = without_claims(found.personas)
            kept = panel_data(personas.filled_up(fresh, self._panel), SUGGESTED)
            await self._run.show(Block("shoppers", "key_values", "The panel, made concrete", kept))
        self._panel = [Persona.model_validate(each) for each in kept["personas"]]

    async def _photos(self) -> dict[int, str]:
        """What shoppers are told of the photos, by photo; only where the twins differ in them."""
        wanted = {twin.photo.photo: twin.photo for twin in self._twins if twin.photo}
        if len(wanted) < 2:  # noqa: PLR2004 -- the same photo everywhere tells nothing apart
            return {}
        kept = self._run.finished("photos")
        if kept is None:
            told = await asyncio.gather(*(self._described(each) for each in wanted.values()))
            items = [
                {"label": photo.alt or f"Photo {photo.photo}", "value": text, "photo": photo.photo}
                for photo, text in zip(wanted.values(), told, strict=True)
            ]
            items.append(
                {
                    "label": "How",
                    "value": "The shoppers read texts: a vision model described each photo once, without praise, and that is what they were told.",
                }
            )
            kept = {"items": items}
            await self._run.show(
                Block("photos", "key_values", "What the shoppers were told of the photos", kept)
            )
        return {item["photo"]: item["value"] for item in kept["items"] if "photo" in item}

    async def _described(self, photo: Photo) -> str:
        """A photo in neutral words; its alternative text where nobody can describe it."""
        image = await self._run.in_thread(_image, photo.placement)
        if image is not None:
            try:
                found = await self._run.ask(
                    prompts.photo_messages(image),
                    prompts.PhotoDescription,
                    max_tokens=prompts.PHOTO_TOKENS,
                    vision=True,
                )
            except LanguageModelError:
                # Two photos that nobody described differ in their alternative texts alone.
                pass
            else:
                return cleaned(found.description)
        return photo.alt or "A photo that could not be described."

    def _sittings(self) -> list[Sitting]:
        seed = self._run.options.seed
        keys = [twin.key for twin in self._twins]
        count = len(self._panel)
        return [
            Sitting(
                shopper,
                turn,
                persona,
                order_for(keys, seed=seed, shopper=turn * count + shopper),
            )
            for turn in range(self._run.options.rounds)
            for shopper, persona in enumerate(self._panel)
        ]

    async def _ask(self, sitting: Sitting, photos: Mapping[int, str]) -> Data:
        """One shopper's card. Raises LanguageModelError."""
        kept = self._run.finished(sitting.block_id)
        if kept is not None:
            return kept
        language = self._run.catalog.language
        title = sitting.persona.name + (f", round {sitting.round + 1}" if sitting.round else "")
        block = Block(
            sitting.block_id,
            "twin_simulator_persona",
            title,
            shown(sitting, self._labels, {}, growing=True),
            state=RUNNING,
        )
        async with self._seats:
            answer = await self._run.fill(
                block,
                prompts.shopper_messages(
                    sitting.persona,
                    [self._by_key[key] for key in sitting.order],
                    question=self._run.options.question,
                    language=language,
                    photos=photos,
                ),
                prompts.answer_schema(len(sitting.order), english=prompts.is_english(language)),
                max_tokens=prompts.MAX_TOKENS,
                shown=lambda partial: shown(sitting, self._labels, partial, growing=True),
            )
        card = shown(sitting, self._labels, answer.model_dump(), growing=False)
        await self._run.show(Block(block.id, block.kind, title, card, state=DONE))
        return card

    async def _conclude(self, answers: Answers, scorer: Rater | None) -> None:
        """Figures, if there is a rater that can be trusted; then what was said."""
        rated = await self._rated(answers, scorer) if scorer else {}
        figures: Data = {}
        if scorer and rated:
            found = report.figures(answers, rated, scorer.gate, seed=self._run.options.seed)
            figures = report.as_json(found, answers.twins)
            await self._show_figures(found, answers)
        said = (report.objections(answers), report.questions(answers), report.quotes(answers))
        for block in said:
            await self._run.show(block)
        self._run.put(
            reactions=report.rows_of(answers, rated),
            panel=[persona.model_dump() for persona in self._panel],
            figures=figures,
            **{block.id: block.data for block in said},
        )

    async def _rated(self, answers: Answers, scorer: Rater) -> dict[tuple[int, int, int], Array]:
        """Where each reaction lies on the scale; empty, and said so, where nobody can tell."""
        try:
            embed = client().embed_sentences
            rated = await self._run.in_thread(report.rated_by, scorer, embed, answers)
        except EngineError as error:
            rated, why = {}, f"The sentence model does not answer: {error}"
        else:
            why = "" if rated else "Nothing was said that could be placed on the scale."
        if why:
            await self._quotes_only(why)
        return rated

    async def _show_figures(self, found: report.Figures, answers: Answers) -> None:
        seed = self._run.options.seed
        await self._run.show(report.received(found, self._labels, answers.twins))
        await self._run.show(report.compared(found, self._labels))
        await self._run.show(report.favourites(answers, self._labels, seed=seed))

    async def _quotes_only(self, why: str) -> None:
        """Say in place of all figures that there are none, and of the first why."""
        for name, title in report.FIGURES.items():
            data = {"level": "warning", "text": f"{NO_FIGURES} {why}".strip()}
            await self._run.show(Block(name, "notice", title, data))
            why = ""


def read_listing(facts: Mapping[str, Any]) -> Listing:
    """A listing of a run's evidence, as `Listing.as_json` wrote it."""
    attributes = {each["key"]: (each["label"], each["value"]) for each in facts["attributes"]}
    photo = Photo(**facts["photo"]) if facts["photo"] else None
    return Listing(**{**facts, "attributes": attributes, "photo": photo, "changed": ()})


def panel_data(panel: Sequence[Persona], source: str) -> Data:
    """A panel as labels and values, with what it is; `personas` has it as it is asked."""
    items = [
        {
            "label": persona.name,
            "value": f"{persona.about} {persona.needs}".strip(),
            "note": ". ".join(
                part.rstrip(".")
                for part in (
                    persona.budget,
                    persona.sceptical_of and f"Sceptical of: {persona.sceptical_of}",
                )
                if part
            ),
        }
        for persona in panel
    ]
    items.append({"label": "Who they are", "value": source, "note": ""})
    return {"items": items, "personas": [persona.model_dump() for persona in panel]}


def chosen_from(panel: Sequence[Persona], count: int, seed: int) -> list[Persona]:
    """So many of a saved panel, in its order; all of a smaller one."""
    draw = random.Random(seed)  # noqa: S311 -- no secret: to be repeated
    places = sorted(draw.sample(range(len(panel)), min(count, len(panel))))
    return [panel[place] for place in places]


def _image(placement: int) -> Image | None:
    """A photo as it is sent, None where it cannot be opened."""
    found = Placement.objects.alive().select_related("photo").filter(pk=placement).first()
    if found is None:
        return None
    try:
        return prepared([found], 1)[0].image
    except (NothingToSeeError, StorageUnavailable):
        return None
