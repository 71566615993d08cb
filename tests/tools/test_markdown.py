from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.markup import Markup
from tools.block_data import Cite
from tools.markdown import CLASSES, ELEMENTS, MarkdownStream, cleaned, render

CITES = {
    "a1": Cite(label="Material", url="/c/shop/products/1/"),
    "b2": Cite(label='<b onclick="x">"Prices"</b>'),
    "c3": Cite(label="Away", url="https://evil.example/"),
}
PIECES = st.sampled_from(
    [
        *"\n \t#*_`~|>-+=[]()!<&\\\"':;/ax1.",
        *(
            "\n\n",
            "**",
            "__",
            "~~",
            "```\n",
            "- ",
            "1. ",
            "> ",
            "    ",
            "| a | b |\n",
            "|---|--:|\n",
        ),
        *("[a1]", "[a1, zz9]", "[x](http://e.example/)", "![i](/i.png)", "<http://e.example>"),
        *(
            "<script>alert(1)</script>",
            "<img src=x onerror=y>",
            "javascript:",
            "<!-- ",
            "&lt;",
            "&#0;",
        ),
        *(
            "[a]: /b\n",
            "word ",
            "é",
            "漢字",
            "\r\n",
            "\r",
            "\u202e",
            "\u200b",
            "\x00",
            "\ud800",
            "😀",
        ),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join)


def safe(html: str) -> Markup:
    """The markup, after a look at everything that a stranger's text must not have become."""
    markup = Markup(html)
    assert markup.problems == []
    assert markup.tags <= ELEMENTS | {"div"}
    for tag, attributes in markup.elements:
        if tag == "div":
            assert attributes["class"] == "prose__table"
            continue
        assert set(attributes) <= {"class", "href", "start"}
        assert attributes.get("class", "cite") in CLASSES
        assert attributes.get("href") in {None, "/c/shop/products/1/"}
        assert str(attributes.get("start", "1")).isdigit()
    return markup


@given(TEXTS)
def test_whatever_is_written_becomes_harmless_html(text):
    safe(render(text, CITES))


@given(TEXTS, st.data())
def test_a_text_that_grows_is_harmless_at_each_step_and_ends_as_the_whole(text, data):
    stream = MarkdownStream(CITES)
    at = 0
    while at < len(text):
        at += data.draw(st.integers(1, 12))
        safe(stream.update(text[:at]))
    assert stream.finish(text) == render(text, CITES)


def test_headings_of_a_growing_text_nest_under_those_that_are_settled():
    text = "# One\n\nWords\n\n## Two\n\nMore\n\n# Three\n\n### Four"
    stream = MarkdownStream()
    for end in range(len(text)):
        stream.update(text[:end])
    assert re.findall(r"<(h\d)>", stream.update(text)) == ["h4", "h5", "h4", "h5"]
    assert stream.finish(text) == render(text)


@given(TEXTS, TEXTS)
def test_a_text_that_does_not_go_on_from_the_one_before_starts_over(one, other):
    stream = MarkdownStream()
    stream.update(one)
    assert stream.finish(other) == render(other)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>)",
        "![x](https://evil.example/pixel.png)",
        "<javascript:alert(1)>",
        "```<script>\nalert(1)\n</script>",
        "| <b>a</b> |\n|---|\n| <i>x</i> |",
        "[a1](javascript:alert(1))",
        "[x]: javascript:alert(1)\n\n[x]",
        "<a href='/c/shop/'>sign in</a>",
    ],
)
def test_hostile_markup_is_text(text):
    markup = safe(render(text))
    assert not markup.tags & {"a", "img", "script", "svg", "b", "i"}


def test_a_link_is_its_words_and_address_and_cannot_be_clicked():
    assert render("See [the page](https://evil.example/x).") == (
        "<p>See the page (https://evil.example/x).</p>\n"
    )
    assert render("<https://evil.example/>") == "<p>https://evil.example/</p>\n"


def test_an_image_is_dropped():
    assert render("![pixel](https://evil.example/p.png)").strip() == "<p></p>"


def test_headings_begin_under_the_title_of_their_block_and_skip_no_level():
    html = render("# One\n\n### Two\n\n##### Three\n\n## Four\n\nText")
    assert re.findall(r"<(h\d)>", html) == ["h4", "h5", "h6", "h5"]


def test_numbers_of_a_table_stand_right_without_a_style():
    assert '<td class="numeric">2</td>' in render("| a | b |\n|---|--:|\n| 1 | 2 |")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("ab\u202ecd\u2066e\u2069", "abcde"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041ged", "tagged"),
        ("nul\x00 bell\x07\x1b[31m", "nul bell[31m"),
        ("a\ud800b", "ab"),
        ("i\u200dn", "in"),
        ("family: 👩\u200d👧", "family: 👩\u200d👧"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
    ],
)
def test_what_nobody_sees_is_removed_and_what_writing_needs_stays(text, seen):
    assert cleaned(text) == seen


def test_a_known_key_is_a_link_to_what_it_stands_for():
    assert render("Leather [a1].", CITES) == (
        '<p>Leather <a class="cite" href="/c/shop/products/1/">Material</a>.</p>\n'
    )


def test_an_unknown_key_is_marked_as_unsupported():
    html = render("Waterproof [z9].", CITES)
    assert '<span class="cite cite--unknown">no source: z9</span>' in html


def test_several_keys_may_stand_together():
    markup = safe(render("[a1, b2; z9]", CITES))
    assert [attributes.get("class") for _, attributes in markup.elements] == [
        None,
        "cite",
        "cite",
        "cite cite--unknown",
    ]


def test_a_label_is_text_and_an_address_elsewhere_is_dropped():
    markup = safe(render("[b2] [c3]", CITES))
    assert markup.tags == {"p", "span"}
    assert '<b onclick="x">"Prices"</b> Away' in markup.text


def test_without_citations_brackets_are_text():
    assert render("An array[a1]") == "<p>An array[a1]</p>\n"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Soft **and war", "<p>Soft <strong>and war</strong></p>"),
        ("Soft **", "<p>Soft</p>"),
        ("Soft **and* ", "<p>Soft <strong>and</strong></p>"),
        ("Of ~~old", "<p>Of <s>old</s></p>"),
        ("A snake_case _wo", "<p>A snake_case <em>wo</em></p>"),
        ("Run `mak", "<p>Run <code>mak</code></p>"),
        ("2 * 3", "<p>2 * 3</p>"),
        (r"Not \*this", "<p>Not *this</p>"),
        ("See [the page](http://ex", "<p>See the page</p>"),
        ("Leather [a", "<p>Leather</p>"),
        ("Nice ![pic](http", "<p>Nice</p>"),
        ("Fish &am", "<p>Fish</p>"),
        ("Points:\n-", "<p>Points:</p>"),
        ("Points:\n- **bo", "<p>Points:</p>\n<ul>\n<li><strong>bo</strong></li>\n</ul>"),
        ("Title\n\n##", "<p>Title</p>"),
        ("Code:\n\n``", "<p>Code:</p>"),
        ("```py\nx\n``", "<pre><code>x\n</code></pre>"),
    ],
)
def test_what_is_half_written_reads_as_if_it_were_whole(text, html):
    assert MarkdownStream(CITES).update(text).strip() == html


@pytest.mark.parametrize(
    "text", ["| Name | Pri", "| Name | Price |\n|--", "Intro\n\n| Name | Price |\n"]
)
def test_a_table_is_one_from_its_first_line_on(text):
    markup = safe(MarkdownStream().update(text))
    assert "table" in markup.tags
    assert "|" not in markup.text


def test_blocks_before_the_last_one_are_not_rendered_again(monkeypatch):
    stream = MarkdownStream()
    stream.update("# One\n\nTwo\n\nThree\n")
    parsed = []

    def parse(text, _env):
        parsed.append(text)
        return []

    monkeypatch.setattr("tools.markdown.PARSER.parse", parse)
    stream.update("# One\n\nTwo\n\nThree\nand m")
    assert parsed == ["Three\nand m"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3_000,
        "*a " * 2_000,
        "> " * 3_000,
        "`" * 3_000,
        "x" + " *" * 2_000,
        "![" * 2_000,
        "|a" * 2_000,
    ],
)
def test_a_text_made_to_take_long_is_answered(text):
    safe(MarkdownStream().update(text))


@pytest.mark.parametrize("text", ["###", "A text\n\n### ", "### ![x](y)\n\nA text"])
def test_heading_without_words_is_no_heading(text):
    assert "<h" not in render(text)
    assert "<h" not in MarkdownStream().finish(text)


def test_heading_without_words_takes_no_level():
    assert "<h4>B</h4>" in render("##\n\n### B")


def test_heading_of_a_citation_alone_is_kept():
    assert render("## [a1]", CITES).startswith("<h4><a ")
