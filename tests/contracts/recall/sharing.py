"""Threads and processes use one conversation at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from docqa.memory.recall import Recall
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from tests.contracts.recall.lasting import writer
from tests.contracts.recall.samples import opened, say, small_talk, texts


class SharingContract:
    """Inherited by ``StoreContract``."""

    def test_threads_that_add_at_once_lose_nothing(self, recall: Recall) -> None:
        def add(name: str) -> list[int]:
            return [say(recall, f"{name} {number}", f"{name} {number} again")[0] for number in range(25)]

        with ThreadPoolExecutor(8) as pool:
            first_ids = list(pool.map(add, "abcdefgh"))
        assert all(ids == sorted(ids) for ids in first_ids)
        kept = recall.recent(1000)
        assert len(kept) == 400
        assert [said.id for said in kept] == sorted({said.id for said in kept})
        pairs = [said.message.content for said in kept]
        assert all(f"{first} again" == second for first, second in zip(pairs[::2], pairs[1::2], strict=True))

    def test_processes_that_add_at_once_lose_nothing(self, recall: Recall, settings: Settings) -> None:
        processes = [writer(settings, recall.conversation, name, 100) for name in ("left", "right")]
        printed = [list(map(int, process.communicate()[0].split())) for process in processes]
        assert [len(set(ids)) for ids in printed] == [100, 100]
        for name, ids in zip(("left", "right"), printed, strict=True):
            assert texts(recall, ids) == [f"{name} {number}" for number in range(100)]
        assert [said.id for said in recall.recent(1000)] == sorted(printed[0] + printed[1])

    def test_a_reader_sees_no_id_before_one_that_is_smaller(self, recall: Recall, settings: Settings) -> None:
        seen: list[list[int]] = []
        with opened(settings) as other, ThreadPoolExecutor(3) as pool:
            reader = other.conversation(recall.conversation)
            writes = [pool.submit(lambda: [say(recall, "x") for _ in range(60)]) for _ in range(3)]
            while not all(write.done() for write in writes):
                seen.append([said.id for said in reader.recent(1000)])
        assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(seen))

    def test_searches_beside_writes_and_indexing_answer(self, recall: Recall) -> None:
        talk = small_talk(120)
        [id] = say(recall, "The lighthouse burns")

        def work(part: int) -> None:
            for at in range(part, 120, 4):
                say(recall, talk[at])
                recall.index() if part == 0 else None

        with ThreadPoolExecutor(4) as pool:
            works = [pool.submit(work, part) for part in range(4)]
            while not all(done.done() for done in works):
                assert id in recall.search("burning lighthouse", 3)
            assert [done.result() for done in works] == [None] * 4

    def test_a_new_store_is_made_once_by_threads_that_open_it_at_once(self, settings: Settings) -> None:
        def open_and_say(name: str) -> str:
            with opened(settings) as store:
                say(store.conversation(), name)
                return store.latest()

        with ThreadPoolExecutor(6) as pool:
            latest = list(pool.map(open_and_say, "abcdef"))
        with opened(settings) as store:
            assert len(store.conversations()) == 6
            assert set(latest) <= {row.id for row in store.conversations()}

    def test_closing_twice_does_nothing(self, store: Store) -> None:
        store.close()
        store.close()
