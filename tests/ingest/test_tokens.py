"""Counting and trimming in tokens."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import tokens


def test_it_counts_in_cl100k_without_the_network() -> None:
    assert tokens.count("") == 0
    assert tokens.count("The harbour was built in 1931.") == 9


def test_text_that_looks_like_a_special_token_is_ordinary_text() -> None:
    assert tokens.count("<|endoftext|>") > 1


@pytest.mark.parametrize("run", ["a", " ", "\n", "=-", "漢", "😀", "a1"])
def test_a_long_run_without_a_break_is_counted(run: str) -> None:
    assert 0 < tokens.count(run * 100_000) <= 400_000
    assert tokens.count(tokens.trim(run * 100_000, 50)) <= 50


def test_a_text_that_fits_is_not_trimmed() -> None:
    assert tokens.trim("The harbour was built in 1931.", 9) == "The harbour was built in 1931."
    assert tokens.trim("The harbour was built in 1931.", 4) == "The harbour was built"


def test_nothing_fits_into_no_tokens() -> None:
    assert tokens.trim("harbour", 0) == tokens.trim("harbour", -3) == ""


@settings(max_examples=100, deadline=None, derandomize=True)
@given(text=st.text(max_size=300), limit=st.integers(0, 60))
def test_what_is_trimmed_is_a_beginning_that_fits(text: str, limit: int) -> None:
    trimmed = tokens.trim(text, limit)
    assert text.startswith(trimmed)
    assert tokens.count(trimmed) <= limit
    assert trimmed == text or tokens.count(text) > limit


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "/elsewhere")
    tokens._opened.cache_clear()
    assert tokens.count("harbour") == 2
    assert os.environ["TIKTOKEN_CACHE_DIR"] == "/elsewhere"
