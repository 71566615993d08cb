"""A panel of simulated shoppers suggested before any run: by rules, or by a language model."""

from __future__ import annotations

from catalog.models import Catalog
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability, Account
from tools import personas
from tools.kinds.twin_simulator.claims import without_claims
from tools.models import PanelSource
from tools.personas import Persona, Suggested


def suggest(
    catalog: Catalog,
    *,
    category: str,
    audience: str,
    count: int,
    seed: int,
    by_model: bool,
    user_id: int | None,
) -> tuple[list[Persona], PanelSource]:
    """Shoppers for a category and an audience, and who suggested them.

    With `by_model` the language model fleshes out what the rules drew; where it gives fewer, the
    drawn ones fill up. Raises LanguageModelError.
    """
    drawn = personas.by_rules(category=category, audience=audience, count=count, seed=seed)
    if not by_model:
        return drawn, PanelSource.RULES
    answer = gateway().structured(
        Ability.TEXT,
        personas.messages(
            category=category, audience=audience, drawn=drawn, language=catalog.language
        ),
        Suggested,
        account=Account("panel", f"catalog:{catalog.pk}", user_id),
        max_tokens=personas.MAX_TOKENS,
    )
    return personas.filled_up(without_claims(answer.value.personas), drawn), PanelSource.MODEL
