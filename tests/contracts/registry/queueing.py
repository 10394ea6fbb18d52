"""Responses of the background: each answered by one worker, whoever dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from docqa.registry import Registry
from docqa.settings import Settings
from tests.contracts.registry.samples import process, queued, response

GONE = -1.0  # seconds of a lease that is over when it begins


class QueueingContract:
    """Inherited by ``RegistryContract``."""

    def test_the_oldest_response_is_taken_first_and_once(self, registry: Registry, other: Registry) -> None:
        first, second = queued(registry), queued(registry, "beta")
        assert registry.responses.waiting() == 2
        taken = other.responses.queue_next("w1")
        assert taken
        assert (taken.id, taken.tenant, taken.status, taken.body["status"], taken.deaths) == (
            first, "acme", "in_progress", "in_progress", 0,
        )  # fmt: skip
        assert (next := registry.responses.queue_next("w2"))
        assert next.id == second
        assert registry.responses.queue_next("w3") is None
        assert registry.responses.waiting() == 0

    def test_what_is_not_of_the_background_is_not_queued(self, registry: Registry) -> None:
        registry.responses.put("acme", response(status="queued"))
        registry.responses.put("acme", response(status="completed", background=True))
        assert registry.responses.queue_next("w1") is None

    def test_a_result_is_written_by_who_has_the_response(self, registry: Registry) -> None:
        id = queued(registry)
        registry.responses.queue_next("w1")
        assert not registry.responses.finish("w2", "acme", id, "completed", {"status": "completed"})
        assert registry.responses.finish("w1", "acme", id, "completed", {"status": "completed"})
        assert not registry.responses.finish("w1", "acme", id, "failed", {})
        assert registry.responses.get("acme", id).status == "completed"
        assert registry.responses.queue_next("w1") is None

    def test_what_a_dead_worker_had_is_taken_by_another(self, registry: Registry) -> None:
        id = queued(registry)
        assert [taken.deaths for _ in range(3) if (taken := registry.responses.queue_next("w1", GONE))] == [0, 1, 2]
        assert (taken := registry.responses.queue_next("w2"))
        assert (taken.id, taken.deaths) == (id, 3)
        assert not registry.responses.beat(id, "w1")
        assert not registry.responses.finish("w1", "acme", id, "completed", {})

    def test_a_sign_of_life_keeps_a_response(self, registry: Registry) -> None:
        id = queued(registry)
        registry.responses.queue_next("w1", GONE)
        assert registry.responses.beat(id, "w1")
        assert registry.responses.queue_next("w2") is None

    def test_who_is_not_to_blame_gives_a_response_back(self, registry: Registry) -> None:
        id = queued(registry)
        registry.responses.queue_next("w1")
        registry.responses.release(id, "w2")
        assert registry.responses.get("acme", id).status == "in_progress"
        registry.responses.release(id, "w1")
        assert registry.responses.get("acme", id).status == "queued"
        assert (taken := registry.responses.queue_next("w2"))
        assert taken.deaths == 0

    def test_a_cancelled_response_is_no_worker_s_any_more(self, registry: Registry) -> None:
        waiting, taken, deleted = (queued(registry) for _ in range(3))
        registry.responses.cancel("acme", waiting)
        assert (first := registry.responses.queue_next("w1"))
        assert first.id == taken
        registry.responses.cancel("acme", taken)
        registry.responses.queue_next("w1")
        registry.responses.delete("acme", deleted)
        assert [registry.responses.beat(id, "w1") for id in (taken, deleted)] == [False, False]
        assert not registry.responses.finish("w1", "acme", taken, "completed", {})
        assert registry.responses.get("acme", taken).status == "cancelled"

    def test_two_processes_take_each_response_once(self, registry: Registry, settings: Settings) -> None:
        ids = {queued(registry, created=n) for n in range(100)}
        take = "[print(taken.id) for _ in range(200) if (taken := registry.responses.queue_next('w' + str(id({}))))]"
        printed = [process.communicate()[0].split() for process in [process(settings, take) for _ in range(2)]]
        assert sorted(printed[0] + printed[1]) == sorted(ids)

    def test_threads_that_cancel_and_take_at_once_do_not_stop_each_other(self, registry: Registry) -> None:
        ids = [queued(registry) for _ in range(60)]

        def take(worker: str) -> None:
            while taken := registry.responses.queue_next(worker):
                registry.responses.beat(taken.id, worker)
                registry.responses.finish(worker, "acme", taken.id, "completed", {})

        def cancel(each: list[str]) -> None:
            for id in each:
                registry.responses.cancel("acme", id)

        with ThreadPoolExecutor(5) as pool:
            works = [pool.submit(take, f"w{n}") for n in range(3)]
            works += [pool.submit(cancel, ids[::2]), pool.submit(cancel, ids[1::2])]
            assert [work.exception() for work in works] == [None] * 5
        assert {registry.responses.get("acme", id).status for id in ids} <= {"completed", "cancelled"}
