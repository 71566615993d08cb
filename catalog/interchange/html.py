"""Descriptions as shops keep them, HTML, and as they stand here, text; one way and the other."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

# What begins on a line of its own, and what has a blank line around it.
_LINES = frozenset({"br", "div", "li", "tr", "dt", "dd", "ul", "ol", "table", "section", "article"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "figure"})
# What is no text for people, with all that stands in it.
_UNSEEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "head", "svg"})
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|!\[CDATA\[.*?)>", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31}\d{0,2});")
# What HTML takes for one blank. A hard one stays, so that several can be written.
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SEVERAL = re.compile(r" (?= )")
_BLANK_LINES = re.compile(r"\n{3,}")
_BREAK = re.compile(r"\n[ \t]*\n\s*")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = ""
        self._depth = 0
        self._kept = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- HTMLParser's signature
        if self._unseen:
            self._depth += tag == self._unseen
        elif tag in _UNSEEN:
            self._unseen, self._depth = tag, 1
        elif tag == "li":
            self.parts.append("\n- ")
        else:
            self._kept += tag == "pre"
            self._break(tag)
            if tag in {"td", "th"}:
                self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            self._depth -= tag == self._unseen
            if not self._depth:
                self._unseen = ""
        elif tag not in {"br", "li"}:
            self._kept -= tag == "pre" and self._kept > 0
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data if self._kept else _BLANKS.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")


def looks_like_html(text: str) -> bool:
    """Whether it has tags or entities: "size < 5 > 3" has none."""
    return bool(_TAG.search(text) or _ENTITY.search(text))


def html_to_text(source: str) -> str:
    """What a reader of the HTML sees: paragraphs apart, list items as "- " lines, no scripts.

    Text that is no HTML comes back as it is, but for blanks around it. It never fails.
    """
    if not looks_like_html(source):
        return source.replace("\r\n", "\n").replace("\r", "\n").strip()
    parser = _Text()
    parser.feed(source)
    parser.close()
    lines = (line.strip() for line in "".join(parser.parts).replace("\xa0", " ").split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def text_to_html(text: str) -> str:
    """Text as HTML: a paragraph for each, lines apart, a list where all lines begin with "- ".

    `html_to_text` gives the same text back, but for blanks at the ends of lines.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return "".join(_block(block) for block in _BREAK.split(text) if block.strip())


def _block(block: str) -> str:
    lines = [line.strip() for line in block.split("\n")]
    if all(line.startswith("- ") for line in lines):
        items = "".join(f"<li>{_escaped(line[2:].strip())}</li>" for line in lines)
        return f"<ul>{items}</ul>"
    return f"<p>{'<br>'.join(_escaped(line) for line in lines)}</p>"


def _escaped(line: str) -> str:
    return _SEVERAL.sub("&nbsp;", html.escape(line, quote=False))
