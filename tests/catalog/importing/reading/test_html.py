from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.interchange.html import html_to_text, text_to_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p>\n<p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("<ul>\n<li>A</li>\n<li>B</li>\n</ul>", "- A\n- B"),
        ("<b>Bold</b> and <i>not</i>", "Bold and not"),
        ("Tom &amp; Jerry&nbsp;&copy;", "Tom & Jerry ©"),
        ("<p>Hi<script>alert('x</p>')</script></p>", "Hi"),
        ("<style>p { color: red }</style>Hi", "Hi"),
        ("<!-- hidden -->Hi", "Hi"),
        ("size < 5 and > 3", "size < 5 and > 3"),
        ("no tags\r\nat all", "no tags\nat all"),
        ("<p>broken <b>tags<p>here", "broken tags\n\nhere"),
        ("<table><tr><td>Width</td><td>5 cm</td></tr></table>", "Width 5 cm"),
    ],
)
def test_html_becomes_what_its_reader_sees(html, text):
    assert html_to_text(html) == text


@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n<&-> "), max_size=60
    )
)
def test_text_comes_back_from_its_html(text):
    once = html_to_text(text_to_html(text))
    assert html_to_text(text_to_html(once)) == once
    assert "".join(once.split()) == "".join(text.split())


PIECES = ("<p>", "</p>", "<ul>", "<li>", "<td>", "<br/>", "<pre>", "<script>", "</script", "<!--")
ENTITIES = ("&amp;", "&#0;", "&#xD800;", "&#9999999;", "&nbsp", "<![CDATA[", "<!", "<?", "</")


@given(st.lists(st.sampled_from(PIECES + ENTITIES) | st.text() | st.text(" \r\n<&a"), max_size=9))
def test_no_html_fails_or_becomes_longer(pieces):
    html = "".join(pieces)
    text = html_to_text(html)
    assert text == text.strip()
    assert len(text) <= len(html)


def test_several_blanks_come_back():
    assert html_to_text(text_to_html("a   b")) == "a   b"


def test_text_is_escaped():
    assert (
        text_to_html("<b>\n\n- a & b\n- c")
        == "<p>&lt;b&gt;</p><ul><li>a &amp; b</li><li>c</li></ul>"
    )
