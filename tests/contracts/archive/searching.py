"""Keyword, vector and hybrid search, in an order that is always the same."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.archive import Archive
from tests.contracts.archive.samples import DIMENSION, chunk, fill, found, id_of, vectors


class SearchingContract:
    """Inherited by ``ArchiveContract``, which gives the fixture ``archive``."""

    def test_keyword_search_finds_word_forms_and_ranks_the_rarer_word_first(self, archive: Archive) -> None:
        fill(archive, [chunk(1, "common filing"), chunk(2, "common turbines"), chunk(3, "common filing")])
        hits = archive.search("common turbine", None, 10, mode="keyword")
        assert [hit.id for hit in hits] == [id_of(2), id_of(1), id_of(3)]
        assert hits[0].score > hits[1].score == hits[2].score

    def test_keyword_search_reads_the_prefix(self, archive: Archive) -> None:
        fill(archive, [chunk(1, prefix="Zephyr Annual Report"), chunk(2)])
        assert found(archive, "zephyr") == [id_of(1)]

    def test_vector_search_ranks_by_cosine_whatever_the_length(self, archive: Archive) -> None:
        axes = np.eye(DIMENSION, dtype=np.float32)
        archive.put([chunk(n) for n in range(3)], np.stack([axes[0] * 9, axes[0] + axes[1], axes[2]]))
        hits = archive.search("", axes[0], 3, mode="vector")
        assert [hit.id for hit in hits] == [id_of(0), id_of(1), id_of(2)]
        assert [hit.score for hit in hits] == pytest.approx([1, 0.5**0.5, 0], abs=1e-6)

    def test_hybrid_search_joins_both_halves_by_reciprocal_rank(self, archive: Archive) -> None:
        axes = np.eye(DIMENSION, dtype=np.float32)
        archive.put([chunk(0, "alpha"), chunk(1, "beta"), chunk(2, "beta gamma gamma gamma")], axes[:3])
        hits = archive.search("beta", axes[0] + axes[1] / 2, 3)
        assert [hit.id for hit in hits] == [id_of(1), id_of(2), id_of(0)]
        assert [hit.score for hit in hits] == pytest.approx([1 / 61 + 1 / 62, 1 / 62 + 1 / 63, 1 / 61])

    def test_equal_scores_are_ordered_by_id_wherever_the_list_is_cut(self, archive: Archive) -> None:
        chunks = [chunk(number) for number in range(60)]
        fill(archive, chunks[::-1][:40])
        fill(archive, chunks[::-1][40:])
        query = vectors(chunks[:1])[0]
        for limit in (1, 7, 60):
            expected = [c.id for c in chunks[:limit]]
            assert found(archive, "plain", limit=limit) == expected
            assert [hit.id for hit in archive.search("plain", query, limit)] == expected
            assert [hit.id for hit in archive.search("", query, limit, mode="vector")] == expected

    def test_a_hit_carries_what_orders_and_pages_it(self, archive: Archive) -> None:
        fill(archive, [chunk(7, tokens=33, fingerprint=2**63 + 5)])
        hit = archive.search("plain", None, 1, mode="keyword")[0]
        assert (hit.document, hit.generation, hit.page, hit.ordinal) == ("d2", "g2", 2, 20_000)
        assert (hit.tokens, hit.fingerprint) == (33, 2**63 + 5)

    @pytest.mark.parametrize("sign", ['"', "+", "-", ":", "*", "?", "(", "[", "{", "~", "^", "\\", "/", "'", "&&", "|"])
    def test_signs_of_query_languages_mean_nothing(self, archive: Archive, sign: str) -> None:
        fill(archive, [chunk(1, "revenue grew"), chunk(2, "costs fell")])
        for query in (f"{sign}revenue", f"revenue{sign}", f"title{sign}revenue", f"{sign} revenue {sign}"):
            assert found(archive, query) == [id_of(1)]

    def test_words_of_query_languages_mean_nothing(self, archive: Archive) -> None:
        fill(archive, [chunk(1, "revenue grew"), chunk(2, "costs fell")])
        assert sorted(found(archive, "revenue AND costs")) == [id_of(1), id_of(2)]
        assert found(archive, "NOT revenue") == [id_of(1)]

    @pytest.mark.parametrize("query", ["", "   ", "!?…", "\x00\n\t", "🙂", "\ud800", "the of and"])
    def test_a_query_without_a_searchable_word_finds_nothing_by_keyword(self, archive: Archive, query: str) -> None:
        fill(archive, [chunk(1, "the plain words of it")])
        assert found(archive, query) == []
        assert len(archive.search(query, np.ones(DIMENSION, np.float32), 5)) == 1

    def test_a_query_of_100_000_characters_is_answered(self, archive: Archive) -> None:
        fill(archive, [chunk(1, "needle"), chunk(2, "hay")])
        assert found(archive, "needle " + " ".join(f"w{number}" for number in range(20_000))) == [id_of(1)]
        assert found(archive, "needle " + "x" * 100_000) == [id_of(1)]

    @pytest.mark.parametrize("limit", [0, -1])
    def test_no_hits_asked_for_are_none_given(self, archive: Archive, limit: int) -> None:
        fill(archive, [chunk(1)])
        assert archive.search("plain", np.ones(DIMENSION, np.float32), limit) == []

    def test_chunks_are_found_by_several_words_as_soon_as_they_are_written(self, archive: Archive) -> None:
        common = [chunk(n, " ".join(f"w{(n + k) % 7}" for k in range(4))) for n in range(300)]
        fill(archive, [*common, chunk(300, "w1 w2 w3 w4 rare")])
        assert found(archive, "w1 w2 w3 w4 rare", limit=5)[0] == id_of(300)
        fill(archive, [chunk(301, "w1 w2 w3 w4 rare scarce")])
        assert found(archive, "w1 w2 w3 w4 rare scarce", limit=1) == [id_of(301)]
