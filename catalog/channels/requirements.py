"""A channel's profile, as its file says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

REQUIRED, RECOMMENDED = "required", "recommended"
SEVERITIES = (REQUIRED, RECOMMENDED)


@dataclass(frozen=True)
class Group:
    """A kind of goods: by categories of this site, by Google's numbers, by how its paths begin.
    What lies below belongs to it, but for what is `without`.
    """

    key: str
    label: str
    categories: tuple[str, ...] = ()
    google: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class When:
    """To which products a requirement applies: all that is said here must be so.

    `countries` are codes; `facts` are names of `catalog.channels.facts`.
    """

    groups: tuple[str, ...] = ()
    not_groups: tuple[str, ...] = ()
    countries: frozenset[str] = frozenset()
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Requirement:
    """One thing that a channel asks. `fields` are alternatives: one of them is enough.

    `severity` is for countries that are not in `required_in`. The numbers and texts that follow are
    the rule's own.
    """

    id: str
    severity: str
    title: str
    advice: str
    fields: tuple[str, ...]
    rule: str
    source: tuple[str, ...]
    read: date
    note: str = ""
    required_in: frozenset[str] = frozenset()
    when: When = field(default_factory=When)
    min: int | None = None
    max: int | None = None
    max_total: int | None = None
    min_width: int | None = None
    min_height: int | None = None
    max_megapixels: int | None = None
    every: bool = False
    zero: bool = False
    values: tuple[str, ...] = ()
    pattern: str = ""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def severity_in(self, country: str) -> str:
        return REQUIRED if country in self.required_in else self.severity


@dataclass(frozen=True)
class Profile:
    """What a channel asks; `stamp` changes with its file. `formats` are the exports made for it."""

    channel: str
    label: str
    formats: tuple[str, ...]
    groups: Mapping[str, Group]
    requirements: Mapping[str, Requirement]
    stamp: str = ""

    @cached_property
    def newest(self) -> date:
        """When the last of its sources was read."""
        return max(each.read for each in self.requirements.values())

    @cached_property
    def oldest(self) -> date:
        """When the first of its sources was read."""
        return min(each.read for each in self.requirements.values())
