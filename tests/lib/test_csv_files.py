"""Cells that no spreadsheet takes for a formula, and what they were made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodintel.lib.csv_files import cell, plain


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n"])
def test_formula_gets_a_guard(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Mug", "-5", "+2.5", "'tis", "a=b"])
def test_other_text_stays(text):
    assert cell(text) == text


def test_what_looks_guarded_is_guarded_too():
    assert cell("'=1") == "''=1"


@given(st.text(alphabet="'=+-@\t\n1a ", max_size=6))
def test_guard_comes_off(text):
    assert plain(cell(text)) == text
