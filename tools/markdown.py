"""A model's Markdown as HTML that cannot do anything.

What a model writes is a stranger's text. HTML in it is shown as the text it is; a link becomes its
words with the address behind them, not to be clicked; images are dropped, and so are characters
that hide text or turn its direction. The renderer writes a small set of elements, and `nh3` lets
only those through. Headings begin at `<h4>`, as a block's own title is an `<h3>`, and skip no level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from threading import Lock

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_core.text_join import text_join
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from tools.block_data import Cite, site_path
from tools.markdown_tail import closed_inline, without_loose_end

Cites = Mapping[str, Cite] | None

TOP_HEADING, LAST_HEADING = 4, 6
UNSUPPORTED = "cite cite--unknown"
CLASSES = frozenset({"cite", UNSUPPORTED, "numeric"})
TEXT = ("p", "h4", "h5", "h6", "blockquote", "pre", "hr", "br", "ul", "ol", "li")
WORDS = ("strong", "em", "s", "code", "a", "span")
ELEMENTS = frozenset({*TEXT, *WORDS, "table", "thead", "tbody", "tr", "th", "td"})
ATTRIBUTES = {tag: {"class"} for tag in ("span", "th", "td")} | {
    "a": {"class", "href"},
    "ol": {"start"},
}

# Controls but tab and newline; what joins, hides or turns text around; lone surrogates. The two
# joiners stay behind letters and emoji that need them, which are never ASCII.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f\ud800-\udfff]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]"
)
NEWLINE = re.compile("\r\n?|[\u2028\u2029]")
KEY = r"[A-Za-z]{1,12}[_-]?\d{1,6}"
CITED = re.compile(rf"\[\s*({KEY}(?:\s*[,;]\s*{KEY})*)\s*\]")


def cleaned(text: str) -> str:
    """The text with ordinary newlines and without characters that nobody sees."""
    return UNSEEN.sub("", NEWLINE.sub("\n", text))


def _cite(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- the parser calls it so
    """The inline rule for `[a1]` and `[a1, b2]`; takes part only where citations are known."""
    cites: Cites = state.env.get("cites")
    if cites is None or state.src[state.pos] != "[":
        return False
    match = CITED.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("cite", "", 0).meta = {"keys": re.split(r"\s*[,;]\s*", match[1])}
    state.pos = match.end()
    return True


def _cite_html(key: str, cites: Mapping[str, Cite]) -> str:
    cite = cites.get(key)
    if cite is None:
        return f'<span class="{UNSUPPORTED}">no source: {escape(key)}</span>'
    label = escape(cleaned(cite.label))
    if cite.url:
        return f'<a class="cite" href="{escape(cite.url)}">{label}</a>'
    return f'<span class="cite">{label}</span>'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # A line of dashes under a text must not turn it into a heading when a list was meant, and a
    # definition at the end must not change the blocks before it: they are settled by then.
    parser.disable(["lheading", "reference", "html_block", "html_inline"])
    parser.inline.ruler.before("link", "cite", _cite)
    parser.add_render_rule(
        "cite",
        lambda _self, tokens, at, _options, env: " ".join(
            _cite_html(key, env["cites"]) for key in tokens[at].meta["keys"]
        ),
    )
    return parser


PARSER = _parser()


def _words(children: Iterable[Token]) -> list[Token]:
    """Inline tokens with links as their words and address, and without images."""
    kept: list[Token] = []
    opened: list[tuple[str, int]] = []
    for token in children:
        if token.type == "link_open":
            opened.append((str(token.attrGet("href") or ""), len(kept)))
        elif token.type == "link_close":
            address, start = opened.pop()
            said = "".join(word.content for word in kept[start:])
            if address and address not in {said, f"mailto:{said}"}:
                kept.append(Token("text", "", 0, content=f" ({address})"))
        elif token.type != "image":
            kept.append(token)
    return kept


class _Outline:
    """The headings above the place one is at, to nest what comes without skipping a level."""

    def __init__(self) -> None:
        self.levels: list[int] = []

    def tag(self, level: int) -> str:
        """The element for a heading of this level in the source."""
        while self.levels and self.levels[-1] >= level:
            self.levels.pop()
        self.levels.append(level)
        return f"h{min(TOP_HEADING + len(self.levels) - 1, LAST_HEADING)}"


def _says(token: Token) -> bool:
    return token.type == "cite" or bool(token.content.strip())


def _with_words(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens without headings of which only the marks are there."""
    opened: list[Token] = []
    for token in tokens:
        if token.type == "heading_open":
            opened = [token]
        elif not opened:
            yield token
        elif token.type == "inline" and any(map(_says, token.children or ())):
            yield from (*opened, token)
            opened = []
        elif token.type == "heading_close":
            opened = []


def _tamed(tokens: Iterable[Token], outline: _Outline) -> list[Token]:
    """The tokens as this site shows them."""
    for token in tokens:
        if token.children is not None:
            token.children = _words(token.children)
    kept = list(_with_words(tokens))
    tag = ""
    for token in kept:
        if token.type == "heading_open":
            tag = outline.tag(int(token.tag[1:]))
        if token.type in {"heading_open", "heading_close"}:
            token.tag = tag
        if token.type in {"th_open", "td_open"} and "right" in str(token.attrs.pop("style", "")):
            token.attrSet("class", "numeric")
    return kept


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return value if value in CLASSES else None
    if attribute == "href":
        return site_path(value) or None
    return value if tag == "ol" and value.isascii() and value.isdigit() else None


def _html(tokens: Sequence[Token], cites: Cites, outline: _Outline) -> str:
    html = nh3.clean(
        PARSER.renderer.render(_tamed(tokens, outline), PARSER.options, {"cites": cites}),
        tags=ELEMENTS,
        attributes=ATTRIBUTES,
        attribute_filter=_allowed,
        link_rel=None,
    )
    # After cleaning, "<table>" is that element and nothing else. The box scrolls, so keys reach it.
    return html.replace(
        "<table>", '<div class="prose__table" role="group" aria-label="Table" tabindex="0"><table>'
    ).replace("</table>", "</table></div>")


def _parse(text: str, cites: Cites) -> list[Token]:
    return PARSER.parse(text, {"cites": cites})


def render(text: str, cites: Cites = None) -> SafeString:
    """The HTML of a whole text. `cites` as for `block_data.Prose`."""
    return mark_safe(_html(_parse(cleaned(text), cites), cites, _Outline()))  # noqa: S308 -- cleaned


def _mended(text: str, cites: Cites) -> list[Token]:
    """The tokens of a text that breaks off, with what is half written completed or held back."""
    tokens = _parse(text, cites)
    whole = without_loose_end(text, tokens)
    if whole != text:
        tokens = _parse(whole, cites)
    inline = next((token for token in reversed(tokens) if token.type == "inline"), None)
    if inline is None or any(token.type in {"fence", "code_block"} for token in tokens[-2:]):
        return tokens
    inline.content = closed_inline(inline.content)
    inline.children = []
    env = {"cites": cites}
    PARSER.inline.parse(inline.content, PARSER, env, inline.children)
    text_join(StateCore(inline.content, PARSER, env, [inline]))
    return tokens


class MarkdownStream:
    """A text that grows, of which only the last block is rendered again.

    `update` takes the whole text so far and gives its HTML; a text that does not go on from the one
    before starts over. Blocks before the last one cannot change any more, as every line up to them
    is complete and no block speaks of another. Safe to share between threads.
    """

    def __init__(self, cites: Cites = None) -> None:
        self.cites = cites
        self._lock = Lock()
        self._reset()

    def _reset(self) -> None:
        self._settled = ""
        self._html = ""
        self._levels: list[int] = []
        self._lines = 0

    def update(self, text: str) -> SafeString:
        """The HTML of what there is so far, readable though it breaks off."""
        return self._render(text, finished=False)

    def finish(self, text: str) -> SafeString:
        """The HTML of the whole text, the same as `render` gives."""
        return self._render(text, finished=True)

    def _render(self, text: str, *, finished: bool) -> SafeString:
        text = cleaned(text)
        with self._lock:
            if not text.startswith(self._settled):
                self._reset()
            self._settle(text)
            tail = text[len(self._settled) :]
            tokens = _parse(tail, self.cites) if finished else _mended(tail, self.cites)
            return mark_safe(self._html + _html(tokens, self.cites, self._outline()))  # noqa: S308 -- cleaned

    def _outline(self) -> _Outline:
        outline = _Outline()
        outline.levels = list(self._levels)
        return outline

    def _settle(self, text: str) -> None:
        """Render for good all blocks but the last one of those whose lines are complete."""
        lines = text.count("\n")
        if lines == self._lines:
            return
        self._lines = lines
        complete = text[len(self._settled) : text.rfind("\n") + 1]
        tokens: list[Token] = []
        PARSER.block.parse(complete, PARSER, {}, tokens)
        starts = [token.map[0] for token in tokens if token.level == 0 and token.map]
        if not starts or not starts[-1]:
            return
        piece = "".join(complete.splitlines(keepends=True)[: starts[-1]])
        outline = self._outline()
        self._html += _html(_parse(piece, self.cites), self.cites, outline)
        self._levels = outline.levels
        self._settled += piece
