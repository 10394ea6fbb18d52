"""Tokens: the model's own, its server's, or an estimate that answers correct."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.llm.openai.counting import Counter, Factor
from docqa.settings import Settings
from ingest import tokens
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import TOOLS, completed
from tests.servers.openai import ModelServer, says, usage

TEXT = "The harbour was built in 1931 by Ada Lindqvist. " * 20


def words(text: str) -> int:
    return max(1, len(text.split()))


@pytest.mark.parametrize("style", ["llama.cpp", "vllm"])
def test_the_server_counts_where_it_can(server: ModelServer, opened: Open, style: str) -> None:
    server.tokenize, server.style = words, style
    assert opened().count("four words are here") == 4


def test_a_text_is_counted_once(server: ModelServer, opened: Open) -> None:
    server.tokenize = words
    model = opened()
    assert {model.count(TEXT) for _ in range(3)} == {words(TEXT)}
    assert server.counted == [TEXT]


def test_a_server_that_cannot_count_is_asked_once(server: ModelServer, opened: Open) -> None:
    model = opened()
    assert model.count(TEXT) == model.count(TEXT) >= 1.4 * tokens.count(TEXT)
    assert server.counted == []


def test_a_server_that_stops_to_count_is_not_asked_again(server: ModelServer, opened: Open) -> None:
    server.tokenize = words
    model = opened()
    model.count("four words are here")
    server.tokenize = None
    model.count("other words")
    server.tokenize = words
    assert model.count(TEXT) > words(TEXT)
    assert len(server.counted) == 1


def test_nothing_has_no_tokens(opened: Open) -> None:
    assert opened().count("") == 0


def test_openais_own_models_are_counted_in_their_encoding() -> None:
    count = tokens.counter("gpt-4o")
    assert count is not None
    assert count("Привет, мир") < tokens.count("Привет, мир")


@pytest.mark.parametrize("model", ["qwen2.5", "gpt2", ""])
def test_other_models_have_no_encoding_here(model: str) -> None:
    assert tokens.counter(model) is None


def test_an_estimate_rises_with_the_first_answer_that_tells_more(server: ModelServer, opened: Open) -> None:
    truth = 3000
    server.otherwise = says("x", used=usage(truth))
    model = opened()
    completed(model, (TOOLS[0], *(many(TOOLS[1], 10))))
    assert model.count(TEXT) > 3 * tokens.count(TEXT)


def many(tool: object, times: int) -> tuple[object, ...]:
    return (tool,) * times


def test_what_was_learned_is_remembered(server: ModelServer, opened: Open) -> None:
    server.otherwise = says("x", used=usage(3000))
    model = opened()
    completed(model, TOOLS * 10)
    assert opened().count(TEXT) == model.count(TEXT)


ratios = st.lists(st.floats(0.3, 5), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(ratios)
def test_a_factor_never_falls_below_what_was_seen(found: list[float]) -> None:
    factor = Factor(1.5, 1.1)
    for ratio in found:
        factor.learn(ratio)
        assert factor.value >= max([1.0, *found[: found.index(ratio) + 1]])


def test_a_factor_falls_slowly_to_a_margin_over_the_truth() -> None:
    factor = Factor(1.5, 1.1)
    factor.learn(1.2)
    assert 1.32 < factor.value < 1.5
    for _ in range(40):
        factor.learn(1.2)
    assert factor.value == pytest.approx(1.32, abs=0.01)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=4), st.floats(0.9, 4))
def test_a_prompt_is_never_counted_lower_than_it_was(texts: list[str], ratio: float) -> None:
    counter = Counter(None, None, {})
    texts = [*texts, TEXT]
    truth = int(sum(map(tokens.count, texts)) * ratio)
    counter.learn(texts, truth)
    assert sum(map(counter, texts)) + 4 * len(texts) + 3 >= truth


def test_short_prompts_teach_nothing(opened: Open) -> None:
    counter = Counter(None, None, {})
    counter.learn(["Hi"], 900)
    assert counter.factors["estimate"] == 1.5


def test_many_threads_may_count(server: ModelServer, opened: Open) -> None:
    server.tokenize = words
    model, counts = opened(), set()

    def count() -> None:
        counts.update(model.count(f"{'word ' * (n % 7 + 1)}") - (n % 7 + 1) for n in range(60))

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == {0}


def test_a_broken_memory_is_harmless(server: ModelServer, opened: Open) -> None:
    root = opened()._settings.root
    server.otherwise = says("x", used=usage(3000))
    for broken in (
        "",
        "[]",
        "{",
        '{"x": 1}',
        json.dumps({f"{server.url} m": {"factors": {"estimate": "x"}, "without": 5}}),
    ):
        (root / "models.json").write_text(broken)
        completed(opened(), TOOLS * 10)
    assert json.loads((root / "models.json").read_text())[f"{server.url} m"]["factors"]["estimate"] > 3


def test_a_memory_that_cannot_be_written_is_harmless(server: ModelServer, opened: Open) -> None:
    root = opened()._settings.root
    (root / "models.json").mkdir()
    server.otherwise = says("x", used=usage(3000))
    completed(opened(), TOOLS * 10)
    assert [path.name for path in root.iterdir()] == ["models.json"]


def test_no_library_is_made_to_remember(server: ModelServer, opened: Open) -> None:
    nowhere = Settings().root / "nowhere"
    server.otherwise = says("x", used=usage(3000))
    completed(opened(data_dir=nowhere), TOOLS * 10)
    assert not nowhere.exists()
