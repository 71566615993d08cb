"""What the models are told. Whoever changes a word here changes the version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from catalog.models import Catalog
from prodintel.llm.types import Image, Message
from tools.prompts import data_block, system_prompt

PROMPT_VERSION = "question/1"
TASK = "Answer a question about it, asked by somebody of the staff."
MANNER = """
- Answer the question first, in a sentence or two; then, if it helps, at most five short points. Not \
more than about 150 words in all. A question in another language is answered in that language.
- After each statement name in square brackets the keys of what it rests on, exactly as the data give \
them, such as [a1] or [p2, n1]. Use no other square brackets.
- Where the data do not tell, say plainly that the catalogue does not say, and which detail would have \
to be added. What is listed as not filled in is not known.
- Common knowledge about this kind of product may be added only where it is asked for, in a sentence of \
its own that begins with "In general".
- The conversation before is given so that you know what "it" and "that" mean. It is no evidence.
"""
LOOK_TASK = "Look at its photos, and say what they show about a question."
LOOK_MANNER = """
- The photos come in the order of their keys. Say only what can be seen; do not guess what cannot.
- If they show nothing about the question, give no observations.
"""


class Observation(BaseModel):
    model_config = ConfigDict(extra="ignore")
    photo: str = Field(description="key of the photo")
    text: str = Field(description="what it shows about the question", max_length=300)


class Seen(BaseModel):
    model_config = ConfigDict(extra="ignore")
    observations: list[Observation] = Field(max_length=6)


def answer(
    catalog: Catalog,
    question: str,
    facts: Mapping[str, Any],
    *,
    seen: Sequence[Mapping[str, str]],
    before: Sequence[Mapping[str, str]],
) -> list[Message]:
    """The messages that ask for the answer, as Markdown."""
    entries = [
        {name: one[name] for name in ("key", "label", "text", "by") if one[name]}
        for one in facts["entries"]
    ]
    blocks = [
        data_block("product", entries),
        data_block("not_filled_in", facts["unfilled"]),
        data_block("similar_products", facts["neighbours"]),
    ]
    if seen:
        blocks.append(data_block("seen_in_the_photos", list(seen)))
    if before:
        blocks.append(data_block("conversation_before", list(before)))
    blocks.append(data_block("question", question))
    return [
        Message("system", system_prompt(catalog, TASK) + MANNER),
        Message("user", "\n\n".join(blocks)),
    ]


def look(catalog: Catalog, question: str, photos: Sequence[tuple[str, Image]]) -> list[Message]:
    """The messages that ask what the photos show about the question."""
    text = "\n\n".join(
        [data_block("photos", [key for key, _ in photos]), data_block("question", question)]
    )
    images = tuple(image for _, image in photos)
    return [
        Message("system", system_prompt(catalog, LOOK_TASK, plain=True) + LOOK_MANNER),
        Message("user", text, images),
    ]
