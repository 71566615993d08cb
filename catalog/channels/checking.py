"""What a product lacks for a channel. Pure: a record, a profile and a country in, gaps out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.channels import rules
from catalog.channels.facts import FACTS, Facts, Known
from catalog.channels.requirements import REQUIRED, Profile, Requirement, When
from catalog.interchange.records import ProductRecord

MAX_MESSAGE = 300
_NOTHING = Known()


@dataclass(frozen=True)
class Gap:
    """A requirement that a product does not meet, and in what way."""

    requirement: str
    severity: str
    message: str

    @property
    def keeps_out(self) -> bool:
        return self.severity == REQUIRED


def check(
    record: ProductRecord, profile: Profile, country: str, known: Known = _NOTHING
) -> list[Gap]:
    """What keeps the product out of the channel in this country, and what would help it there."""
    return check_all(record, [(profile, country)], known)[0]


def check_all(
    record: ProductRecord, targets: Iterable[tuple[Profile, str]], known: Known = _NOTHING
) -> list[list[Gap]]:
    """As `check`, for several channels and countries at once."""
    facts = Facts(record, known)
    return [list(_gaps(facts, profile, country)) for profile, country in targets]


def _gaps(facts: Facts, profile: Profile, country: str) -> Iterator[Gap]:
    for requirement in profile.requirements.values():
        if not _applies(requirement.when, facts, profile, country):
            continue
        message = rules.RULES[requirement.rule](facts, requirement, country)
        if message:
            severity = requirement.severity_in(country)
            yield Gap(requirement.id, severity, _cut(message))


def _applies(when: When, facts: Facts, profile: Profile, country: str) -> bool:
    if when.countries and country not in when.countries:
        return False
    if when.groups and not any(facts.is_in(profile.groups[name]) for name in when.groups):
        return False
    if any(facts.is_in(profile.groups[name]) for name in when.not_groups):
        return False
    return all(FACTS[name](facts) for name in when.facts)


def applies(requirement: Requirement, facts: Facts, profile: Profile, country: str) -> bool:
    """Whether a product has to meet the requirement at all."""
    return _applies(requirement.when, facts, profile, country)


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 1]}…"
