"""What may be chosen for a rehearsal."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from tools.kinds.twin_simulator.claims import is_forbidden

MOST_TWINS = 4
MOST_SHOPPERS = 16
MOST_ROUNDS = 3
QUESTION = (
    "How does this strike you, at first sight and on a second look? What draws you, what does not?"
)

# What PostgreSQL keeps: no NUL.
Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(Part):
    """One thing that is other in a twin.

    `field` is "title", "description", "price", "photo", "claim" or the key of an attribute. `value`
    is the new text; for a price an amount or a percentage such as "-10%"; for a photo the id of its
    placement, or "other" for the first that is not the main one. A claim is added to the listing.
    """

    field: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,60}$")]
    value: Annotated[Text, Field(min_length=1, max_length=5000)]


class Twin(Part):
    """A twin of the listing. Without a label it is named after its changes."""

    label: Annotated[Text, Field(max_length=80)] = ""
    changes: list[Change] = Field(min_length=1, max_length=6)


class TwinOptions(Part):
    """`twins` are those beside the listing as it is; without any, a lower price and another photo
    are tried. `panel` is a saved panel; without one, shoppers are suggested for the category and the
    `audience`. `control` shows the listing twice, which tells how much of a difference is noise.
    Each shopper is asked `rounds` times, in another order each time.
    """

    twins: list[Twin] = Field(default=[], max_length=MOST_TWINS - 1)
    panel: int | None = Field(default=None, ge=1, lt=10**18)
    audience: Annotated[Text, Field(max_length=200)] = ""
    question: Annotated[Text, Field(min_length=1, max_length=300)] = QUESTION
    personas: int = Field(default=6, ge=1, le=MOST_SHOPPERS)
    rounds: int = Field(default=1, ge=1, le=MOST_ROUNDS)
    seed: int = Field(default=1, ge=0, le=1_000_000)
    control: bool = True

    @field_validator("question")
    @classmethod
    def _asks_for_words(cls, question: str) -> str:
        if is_forbidden(question):
            raise ValueError("Ask for a reaction in words, not for how likely or how often.")
        return question
