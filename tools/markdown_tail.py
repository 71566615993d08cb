"""The end of a Markdown text that is still being written: what it should look like for now.

Read as it stands, half a text flickers: `**` is shown until its partner comes, a table is lines of
pipes until its second row, a list's dash belongs to the sentence above. So marks that have not said
yet what they are wait, and what is open is closed. This is about looks only, never about safety.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

# A last line that may still become a list item, a heading, a rule, a fence, a quote or a table.
LOOSE_LINE = re.compile(r"(?:^|\n)[ \t>]*(?:[-+*_#>`~=|: \t]*|\d{1,9}[.)]?[ \t]*)\Z")
TABLE_RULE = re.compile(r"[|:\- \t]*")
CELL_END = re.compile(r"(?<!\\)\|")
LOOSE_FENCE = re.compile(r"(?<=\n)[ \t]*[`~]{1,9}\Z")

IMAGE = re.compile(r"!(?:\[[^\]\n]*(?:\](?:\([^)\n]*)?)?)?\Z")
LINK = re.compile(r"\[(?P<label>[^\[\]\n]*)\]\([^)\n]*\Z")
BRACKET = re.compile(r"\[(?P<label>[^\[\]\n]*)\Z")
KEY_LENGTH = 24
HELD_BACK = 3
ENTITY = re.compile(r"(?:&#?\w{0,24}|\\)\Z")
MARKS = re.compile(r"\\.|`+|\*+|_+|~~", re.DOTALL)


def without_loose_end(text: str, tokens: Sequence[Token]) -> str:
    """The text without a last line of bare marks, and with the rest of a table that begins.

    `tokens` are what the text is parsed into.
    """
    if tokens and tokens[-1].type == "fence":
        return LOOSE_FENCE.sub("", text)
    shorter = LOOSE_LINE.sub("", text)
    last = tokens[-2] if len(tokens) > 1 else None
    if last is None or last.type != "inline" or last.level != 1 or not last.map:
        return shorter
    head, *rest = last.content.split("\n")
    if not head.startswith("|") or any(not TABLE_RULE.fullmatch(line) for line in rest):
        return shorter
    cells = len(CELL_END.split(head.strip().removeprefix("|").removesuffix("|")))
    if not head.strip("| \t"):
        return shorter
    above = "".join(text.splitlines(keepends=True)[: last.map[0]])
    return f"{above}{head}\n{'|---' * cells}|\n"


def closed_inline(text: str) -> str:
    """A line of text with its unfinished link, emphasis or code closed, or held back."""
    text = IMAGE.sub("", text)
    text = LINK.sub(lambda match: match["label"], text)
    text = BRACKET.sub(_bracket, text)
    return _closed(ENTITY.sub("", text))


def _bracket(match: re.Match[str]) -> str:
    """What may become a citation waits; longer words are shown, as those of a link."""
    return "" if len(match["label"]) <= KEY_LENGTH else match["label"]


def _closed(text: str) -> str:
    """The text with what is open closed; marks at its very end wait for their word."""
    open_marks: list[str] = []
    for _ in range(HELD_BACK):
        text = text.rstrip()
        open_marks.clear()
        loose = _scan(text, open_marks)
        if not loose:
            break
        text = text[:-loose]
    return text + "".join(reversed(open_marks))


def _scan(text: str, open_marks: list[str]) -> int:
    """Collects the marks that are open at the end; returns how many characters to hold back."""
    at = 0
    while match := MARKS.search(text, at):
        run, at = match.group(), match.end()
        if run.startswith("\\"):
            continue
        if run.startswith("`"):
            end = re.compile(rf"(?<!`){run}(?!`)").search(text, at)
            if end is None:
                return _open_code(text[at:], run, open_marks)
            at = end.end()
            continue
        rest = _unmatched(text, match, open_marks)
        if rest and at == len(text):
            return len(rest)
        if rest and _may_open(text, match):
            open_marks += [rest[:2]] * (len(rest) // 2) + [rest[0]] * (len(rest) % 2)
    return 0


def _open_code(code: str, run: str, open_marks: list[str]) -> int:
    """Code that is not closed: closes it, unless it or its end has only begun."""
    if not code:
        return len(run)
    open_marks.append(run)
    return len(code) - len(code.rstrip("`"))


def _unmatched(text: str, match: re.Match[str], open_marks: list[str]) -> str:
    """What is left of a run of marks when it has closed what it can close."""
    run = match.group()
    before = text[max(match.start() - 1, 0) : match.start()]
    may_close = bool(before) and not before.isspace()
    if run[0] == "_":
        may_close = may_close and not text[match.end() : match.end() + 1].isalnum()
    while may_close and open_marks and run.startswith(open_marks[-1]):
        run = run[len(open_marks.pop()) :]
    return run


def _may_open(text: str, match: re.Match[str]) -> bool:
    if text[match.end()].isspace():
        return False
    inside_word = match.start() > 0 and text[match.start() - 1].isalnum()
    return match.group()[0] != "_" or not inside_word
