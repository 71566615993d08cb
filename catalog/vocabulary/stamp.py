"""Whether the vocabulary changed, for the price of a few small queries."""

from __future__ import annotations

from django.db.models import Count, Max

from catalog.models import AttributeDefinition, AuditEvent, Category, Term

# What services write of the vocabulary leaves an audit event of one of these.
TARGETS = ("category", "attributedefinition", "term", "vocabulary")

Stamp = tuple[int | None, ...]


def vocabulary_stamp() -> Stamp:
    """Differs after whatever services did to the vocabulary, and after rows came or went.

    Proposals leave no event, so rows are counted too. An update past the services is not seen: who
    keeps something by a stamp reads it anew once in a while all the same.
    """
    stamp: list[int | None] = []
    for rows in (
        AuditEvent.objects.filter(target_type__in=TARGETS),
        Term.objects.all(),
        Category.objects.all(),
        AttributeDefinition.objects.all(),
    ):
        # Counted as well as the last: of two writers the one with the lower number may commit later.
        counted = rows.aggregate(count=Count("pk"), last=Max("pk"))
        stamp += [counted["count"], counted["last"]]
    return tuple(stamp)
