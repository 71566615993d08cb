"""The channels and countries that a catalogue is sold in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.channels.countries import NAMES, guess_country
from catalog.channels.profiles import profile, profiles
from catalog.ingest import wake
from catalog.models import Catalog, ChannelTarget
from catalog.services.audit import audit

MAX_TARGETS = 20


def targets_of(catalog: Catalog) -> QuerySet[ChannelTarget]:
    """What the catalogue is sold in, by channel and country."""
    return ChannelTarget.objects.filter(catalog=catalog, removed_at=None).order_by(
        "channel", "country"
    )


def target_label(target: ChannelTarget) -> str:
    """Such as "Google Germany"."""
    return channel_label(target.channel, target.country)


def channel_label(channel: str, country: str) -> str:
    found = profile(channel)
    return f"{found.label if found else channel.capitalize()} {NAMES.get(country, country)}"


def requirement_fields(channel: str, requirement: str) -> tuple[str, ...]:
    """What has to be filled in or mended for a requirement; empty when there is none of this name."""
    known = profile(channel)
    found = known.requirements.get(requirement) if known else None
    return found.fields if found else ()


def requirement_title(channel: str, requirement: str) -> str:
    """A requirement's title; its id where its channel no longer has it."""
    found = profile(channel)
    known = found.requirements.get(requirement) if found else None
    return known.title if known else requirement


def targets_begin(*, catalog: Catalog) -> None:
    """Give a catalogue that has no targets its first ones: every channel, in its likely country."""
    country = guess_country(catalog.currency, catalog.language)
    ChannelTarget.objects.bulk_create(
        [
            ChannelTarget(
                catalog=catalog, channel=each.channel, country=country, profile_stamp=each.stamp
            )
            for each in profiles().values()
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def target_add(*, catalog: Catalog, channel: str, country: str, actor: Any) -> ChannelTarget:
    """Have the catalogue's products checked for a channel and country, too.

    One that is there already is returned as it is. Raises ValidationError by field.
    """
    found = profile(channel)
    if found is None:
        known = ", ".join(profiles())
        raise ValidationError(
            {"channel": [f"There is no channel “{channel[:20]}”: choose {known}."]}
        )
    country = country.strip().upper()
    if country not in NAMES:
        message = "Use the two letters of a country that the list has, such as DE."
        raise ValidationError({"country": [message]})
    # Held, so that two who add at once do not both find room.
    Catalog.objects.select_for_update(no_key=True).get(pk=catalog.pk)
    if not ChannelTarget.objects.filter(catalog=catalog).exists():
        targets_begin(catalog=catalog)
    present = targets_of(catalog).filter(channel=channel, country=country).first()
    if present is not None:
        return present
    if targets_of(catalog).count() >= MAX_TARGETS:
        raise ValidationError(
            f"A catalogue has at most {MAX_TARGETS} channels and countries: remove one first."
        )
    target, _ = ChannelTarget.objects.update_or_create(
        catalog=catalog,
        channel=channel,
        country=country,
        defaults={"removed_at": None, "marked_through": 0, "profile_stamp": found.stamp},
    )
    audit(
        actor=actor,
        action="channel.add",
        target=target,
        catalog=catalog,
        summary=target_label(target),
    )
    wake.on_commit(wake.READINESS)
    return target


@transaction.atomic
def target_remove(*, target: ChannelTarget, actor: Any) -> None:
    """Check products for this channel and country no longer. Adding it again brings it back."""
    changed = ChannelTarget.objects.filter(pk=target.pk, removed_at=None).update(
        removed_at=timezone.now()
    )
    if changed:
        audit(
            actor=actor,
            action="channel.remove",
            target=target,
            catalog=target.catalog,
            summary=target_label(target),
        )
