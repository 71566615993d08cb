"""Reading profiles. A file that is not as it should be is refused with the place and the reason."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from catalog.channels.facts import FACTS, is_field
from catalog.channels.requirements import SEVERITIES, Group, Profile, Requirement, When

FOLDER = Path(__file__).parent
# What each rule needs of numbers and texts, and what else it may have.
RULES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "present": (frozenset(), frozenset()),
    "values": (frozenset({"values"}), frozenset()),
    "length": (frozenset({"max"}), frozenset({"min", "max_total"})),
    "pattern": (frozenset({"pattern"}), frozenset({"max"})),
    "count": (frozenset(), frozenset({"min", "max"})),
    "url": (frozenset({"max"}), frozenset()),
    "price": (frozenset(), frozenset({"zero"})),
    "currency": (frozenset(), frozenset()),
    "gtin": (frozenset(), frozenset()),
    "gtin_unique": (frozenset(), frozenset()),
    "options_differ": (frozenset(), frozenset()),
    "photo_size": (
        frozenset(),
        frozenset({"min_width", "min_height", "max_megapixels", "every"}),
    ),
}
_TYPES: Mapping[str, type] = {"values": list, "pattern": str, "zero": bool, "every": bool}
_ID = re.compile(r"[a-z0-9_-]{1,60}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_TEXTS = ("id", "severity", "title", "advice", "rule", "source")
_REQUIRED = frozenset({*_TEXTS, "fields", "read"})
_OPTIONAL = frozenset({"note", "required_in", "when"})


class ProfileError(Exception):
    """A profile is not as it should be. The message names the file, the place and the reason."""


@cache
def profiles() -> Mapping[str, Profile]:
    """The profiles that are shipped, by channel. Raises ProfileError."""
    read = [read_profile(file) for file in sorted(FOLDER.glob("*.toml"))]
    return {each.channel: each for each in read}


def profile(channel: str) -> Profile | None:
    """The profile of a channel, None for a channel that has none."""
    return profiles().get(channel)


def read_profile(file: Path) -> Profile:
    """The profile in a file. Raises ProfileError."""
    content = file.read_bytes()
    try:
        document = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{file.name} is not TOML: {error}") from error
    return _Reader(file.name, document).profile(hashlib.sha256(content).hexdigest()[:16])


class _Reader:
    """One file."""

    def __init__(self, name: str, document: Mapping[str, Any]) -> None:
        self._name = name
        self._document = document
        self._regions: dict[str, frozenset[str]] = {}
        self._groups: dict[str, Group] = {}

    def profile(self, stamp: str) -> Profile:
        known = {"channel", "label", "formats", "regions", "groups", "requirements"}
        self._keys("the file", self._document, required={"channel", "label"}, optional=known)
        for key, codes in self._document.get("regions", {}).items():
            self._regions[key] = self._codes(f"region “{key}”", codes)
        for key, group in self._document.get("groups", {}).items():
            self._groups[key] = self._group(key, group)
        requirements: dict[str, Requirement] = {}
        for number, each in enumerate(self._document.get("requirements", []), 1):
            requirement = self._requirement(f"requirement {number}", each)
            if requirement.id in requirements:
                self._refuse(f"requirement “{requirement.id}”", "stands there twice")
            requirements[requirement.id] = requirement
        if not requirements:
            self._refuse("the file", "has no requirements")
        channel = self._document["channel"]
        if not isinstance(channel, str) or not _ID.fullmatch(channel):
            self._refuse("the file", "has a channel that is no name of small letters and dashes")
        return Profile(
            channel=channel,
            label=self._document["label"],
            formats=tuple(self._document.get("formats", ())),
            groups=self._groups,
            requirements=requirements,
            stamp=stamp,
        )

    def _group(self, key: str, group: Any) -> Group:
        place = f"group “{key}”"
        optional = {"categories", "google", "names", "without"}
        self._keys(place, group, required={"label"}, optional=optional)
        for name in optional & set(group):
            self._strings(place, name, group[name])
        return Group(
            key=key,
            label=group["label"],
            categories=tuple(group.get("categories", ())),
            google=frozenset(group.get("google", ())),
            names=tuple(group.get("names", ())),
            without=tuple(group.get("without", ())),
        )

    def _requirement(self, place: str, given: Any) -> Requirement:
        if isinstance(given, dict) and isinstance(given.get("id"), str):
            place = f"requirement “{given['id']}”"
        rule = str(given.get("rule")) if isinstance(given, dict) else ""
        if rule not in RULES:
            self._refuse(place, f"has the rule “{rule}”; there are {', '.join(RULES)}")
        needed, more = RULES[rule]
        self._keys(place, given, required=_REQUIRED | needed, optional=_OPTIONAL | more)
        for name in _TEXTS:
            if not isinstance(given[name], str) or not given[name].strip():
                self._refuse(place, f"says nothing as “{name}”")
        self._check(place, given)
        for name in (needed | more) & set(given):
            kind = _TYPES.get(name, int)
            if type(given[name]) is not kind:
                self._refuse(place, f"has as “{name}” no {kind.__name__}")
        numbers = {name: given[name] for name in (needed | more) & set(given)}
        return Requirement(
            **{name: given[name] for name in ("id", "severity", "title", "advice", "rule", "read")},
            **numbers | ({"values": tuple(numbers["values"])} if "values" in numbers else {}),
            fields=tuple(given["fields"]),
            source=tuple(self._sources(place, given["source"])),
            note=given.get("note", ""),
            required_in=self._codes(f"{place}, required_in", given.get("required_in", [])),
            when=self._when(f"{place}, when", given.get("when", {})),
        )

    def _check(self, place: str, given: Mapping[str, Any]) -> None:
        self._strings(place, "fields", given["fields"])
        read = given["read"]
        problems: list[tuple[bool, Callable[[], str]]] = [
            (not _ID.fullmatch(given["id"]), lambda: "has an id of other than a-z, 0-9, _ and -"),
            (
                given["severity"] not in SEVERITIES,
                lambda: f"is “{given['severity']}”; it is {' or '.join(SEVERITIES)}",
            ),
            (not given["fields"], lambda: "names no field"),
            (
                not all(is_field(name) for name in given["fields"]),
                lambda: f"names fields that products do not have: {given['fields']}",
            ),
            (
                not isinstance(read, date) or isinstance(read, datetime),
                lambda: "has no date as “read”, such as 2026-11-27",
            ),
            (
                not _compiles(given.get("pattern", "")),
                lambda: f"has a pattern that cannot work: {given['pattern']}",
            ),
        ]
        for wrong, message in problems:
            if wrong:
                self._refuse(place, message())

    def _when(self, place: str, given: Any) -> When:
        lists = {"groups", "not_groups", "countries", "facts"}
        self._keys(place, given, required=set(), optional=lists)
        for name in set(given):
            self._strings(place, name, given[name])
        for name in (*given.get("groups", ()), *given.get("not_groups", ())):
            if name not in self._groups:
                self._refuse(place, f"names the group “{name}”, which the file does not have")
        for name in given.get("facts", ()):
            if name not in FACTS:
                self._refuse(place, f"names the fact “{name}”; there are {', '.join(FACTS)}")
        return When(
            groups=tuple(given.get("groups", ())),
            not_groups=tuple(given.get("not_groups", ())),
            countries=self._codes(place, given.get("countries", [])),
            facts=tuple(given.get("facts", ())),
        )

    def _codes(self, place: str, given: Any) -> frozenset[str]:
        """Countries, with what regions stand for."""
        self._strings(place, "countries", given)
        found: set[str] = set()
        for code in given:
            if code in self._regions:
                found |= self._regions[code]
            elif _COUNTRY.fullmatch(code):
                found.add(code)
            else:
                self._refuse(place, f"“{code}” is neither a country's two letters nor a region")
        return frozenset(found)

    def _sources(self, place: str, text: str) -> list[str]:
        sources = [each.strip() for each in text.split(",")]
        if not all(each.startswith("https://") and " " not in each for each in sources):
            self._refuse(place, "has a source that is no https address")
        return sources

    def _strings(self, place: str, name: str, given: Any) -> None:
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            self._refuse(place, f"has as “{name}” no list of texts")

    def _keys(
        self, place: str, given: Any, *, required: Collection[str], optional: Collection[str]
    ) -> None:
        if not isinstance(given, dict):
            self._refuse(place, "is no table")
        if missing := sorted(set(required) - set(given)):
            self._refuse(place, f"lacks {', '.join(missing)}")
        if unknown := sorted(set(given) - set(required) - set(optional)):
            self._refuse(place, f"has what is not known: {', '.join(unknown)}")

    def _refuse(self, place: str, reason: str) -> None:
        raise ProfileError(f"{self._name}: {place} {reason}.")


def _compiles(pattern: Any) -> bool:
    try:
        re.compile(pattern)
    except (re.error, TypeError):
        return False
    return True
