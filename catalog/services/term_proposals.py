"""Values that lists lack, as machines bring them: kept for a person to decide on."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from catalog.models import AttributeDefinition, Term
from catalog.services.vocabulary import term_propose


def term_proposed(*, attribute: AttributeDefinition, value: str, language: str) -> Term:
    """As `term_propose`, also where another worker proposes the same at the same moment."""
    try:
        with transaction.atomic():
            return term_propose(attribute=attribute, value=value, language=language)
    except IntegrityError:
        return term_propose(attribute=attribute, value=value, language=language)
