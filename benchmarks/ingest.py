"""How quick an ingest is: ``python -m benchmarks.ingest``.

First the embedder's rate within an ingest beside its rate alone on the same texts. Then the wall time for a few filings
beside llama-index's ``IngestionPipeline`` with the same embedder, its own PDF reader and a LanceDB store, and the share
of gold pages that each finds. The second needs the ``bench`` extra.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import arguments, data_folder, json_lines, table, take_in
from docqa.memory.archival import open_archival
from docqa.settings import Settings
from ingest.library import Library

FIRST = (5, 20)
Place = tuple[str, int]
"""A filing's name and a page of it, from 1."""
Search = Callable[[str], list[Place]]


def main() -> None:
    """Measure and print a table for each."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--filings", type=int, default=4, help="how many filings: those with the most questions")
    parser.add_argument("--alone", action="store_true", help="leave llama-index out")
    options = parser.parse_args()
    filings, questions = _choose(data_folder(options, "financebench"), options.filings)
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as temporary:
        settings = Settings(data_dir=Path(temporary) / "docqa")
        with Library.open(settings) as library:
            library.archive.count()  # opening embedder and archive is not what is measured, here or there
            rows = [_ours(library, settings, filings, questions)]
            if not options.alone:
                rows.append(_llama_index(library, Path(temporary) / "llama-index", filings, questions))
    header = ("ingest", "seconds", "chunks", *(f"gold pages in {k}, %" for k in FIRST))
    table(f"{len(filings)} filings, {len(questions)} questions", header, rows)


def _choose(folder: Path, count: int) -> tuple[list[Path], list[dict[str, Any]]]:
    """The filings with the most questions on them, the smaller first where there are as many, and these questions."""
    questions = json_lines(folder / "questions.jsonl")
    asked = Counter(question["doc_name"] for question in questions)
    paths = [path for path in (folder / "pdfs").iterdir() if path.stem in asked]
    filings = sorted(paths, key=lambda path: (-asked[path.stem], path.stat().st_size, path.name))[:count]
    names = {path.stem for path in filings}
    return filings, [question for question in questions if question["doc_name"] in names]


def _ours(
    library: Library, settings: Settings, filings: Sequence[Path], questions: Sequence[dict[str, Any]]
) -> list[object]:
    seconds = _timed(lambda: take_in(library, filings))
    chunks = library.archive.fetch(list(library.archive.ids()))
    texts = [chunk.indexed_text for chunk in chunks]
    alone = _timed(lambda: library.embedder.embed(texts))
    rates = (len(texts) / seconds, len(texts) / alone, f"{alone / seconds:.2f}")
    table(f"Embedding {len(texts)} chunks, chunks a second", ("in an ingest", "embedder alone", "ratio"), [rates])
    stems = {row.id: Path(row.source).stem for row in library.catalog.documents()}
    archival = open_archival(library, settings)

    def search(question: str) -> list[Place]:
        return [(stems[hit.document], hit.page) for hit in archival.search(question).hits]

    return ["docqa", seconds, len(texts), *_found(search, questions)]


def _llama_index(
    library: Library, folder: Path, filings: Sequence[Path], questions: Sequence[dict[str, Any]]
) -> list[object]:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.readers.file import PDFReader
    from llama_index.vector_stores.lancedb import LanceDBVectorStore

    model = _embedding(library)
    store = LanceDBVectorStore(uri=str(folder), table_name="filings")
    splitter = SentenceSplitter(chunk_size=library.settings.chunk_tokens, chunk_overlap=library.settings.chunk_overlap)
    pipeline = IngestionPipeline(transformations=[splitter, model], vector_store=store)
    nodes: list[object] = []

    def take() -> None:
        for path in filings:
            pages = PDFReader().load_data(path)
            for number, page in enumerate(pages, 1):
                page.metadata = {"filing": path.stem, "page": number}
            nodes.extend(pipeline.run(documents=pages))

    seconds = _timed(take)
    retriever = VectorStoreIndex.from_vector_store(store, embed_model=model).as_retriever(similarity_top_k=max(FIRST))

    def search(question: str) -> list[Place]:
        hits = retriever.retrieve(question)
        return [(hit.node.metadata["filing"], int(hit.node.metadata["page"])) for hit in hits]

    return ["llama-index IngestionPipeline", seconds, len(nodes), *_found(search, questions)]


def _embedding(library: Library) -> Any:
    """The library's embedder as llama-index calls it."""
    from llama_index.core.embeddings import BaseEmbedding

    class Embedding(BaseEmbedding):
        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = library.embedder.embed(texts).tolist()
            return vectors

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    return Embedding(embed_batch_size=128)


def _found(search: Search, questions: Sequence[dict[str, Any]]) -> list[float]:
    """Per cent of the questions' gold pages that are among those of the first k chunks, for each k of ``FIRST``."""
    shares: list[list[float]] = [[] for _ in FIRST]
    for question in questions:
        gold = {(each["doc_name"], int(each["evidence_page_num"]) + 1) for each in question["evidence"]}
        places = search(question["question"])
        for share, k in zip(shares, FIRST, strict=True):
            share.append(100 * len(gold & set(places[:k])) / len(gold))
    return [sum(share) / len(share) for share in shares]


def _timed(work: Callable[[], object]) -> float:
    """Seconds of wall time that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
