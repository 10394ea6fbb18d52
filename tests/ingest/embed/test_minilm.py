"""The built-in embedder, on its real model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from ingest.embed import minilm, open_embedder
from ingest.errors import EmbedderError
from ingest.settings import Settings

EMBEDDER = open_embedder(Settings())
TOKENIZER = Tokenizer.from_file(str(minilm.packaged_file(*minilm.TOKENIZER)))
TOKENIZER.no_truncation()
TOKENIZER.no_padding()


def test_vectors_have_length_one_and_the_shape_that_is_promised() -> None:
    vectors = EMBEDDER.embed(["a ship", "", "語 \x00 \ud7ff", "word " * 5000])
    assert vectors.shape == (4, EMBEDDER.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_no_texts_give_no_vectors() -> None:
    assert EMBEDDER.embed([]).shape == (0, 384)


def test_texts_of_like_meaning_are_nearer_than_others() -> None:
    ship, vessel, tax = EMBEDDER.embed(["The ship left port.", "A vessel sailed from the harbour.", "Tax rates rose."])
    assert ship @ vessel > ship @ tax + 0.3


def test_the_order_of_the_texts_is_kept() -> None:
    texts = [f"{'sea ' * n}number {n}" for n in (40, 1, 90, 7, 13)]
    alone = np.concatenate([EMBEDDER.embed([text]) for text in texts])
    assert np.all(np.sum(EMBEDDER.embed(texts) * alone, axis=1) > 0.99)


def test_a_text_is_cut_where_the_model_ends() -> None:
    long, longer = EMBEDDER.embed(["wave " * 400, "wave " * 400 + "tax law"])
    assert long @ longer > 0.999


def test_a_model_file_that_was_tampered_with_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    false = tmp_path / "model.onnx"
    false.write_bytes(b"not the model")
    monkeypatch.setattr(minilm, "packaged_file", lambda package, path: false)
    with pytest.raises(EmbedderError, match="not the one expected"):
        minilm.MiniLM()


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(EmbedderError, match="docqa-no-such-package"):
        minilm.packaged_file("docqa-no-such-package", "model.onnx")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=300))
def test_a_text_is_never_counted_too_short(text: str) -> None:
    assert EMBEDDER.count(text) >= len(TOKENIZER.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize("text", ["Revenue rose by 12.5 % to $1,577 (FY2018).", "the quick brown fox", "", "pre-tax"])
def test_ordinary_text_is_counted_exactly(text: str) -> None:
    assert EMBEDDER.count(text) == len(TOKENIZER.encode(text, add_special_tokens=False).ids)


def test_opening_it_tells_nobody_and_writes_nothing_into_the_home_folder(tmp_path: Path) -> None:
    code = "import sys; from ingest.embed.minilm import MiniLM as M; M(); assert not sys.modules['openvino_telemetry']"
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"HOME": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    assert list(tmp_path.iterdir()) == []
