"""Responses that can be had again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from docqa.registry import Registry
from ingest.errors import NotFoundError
from tests.contracts.registry.samples import response


class KeepingContract:
    """Inherited by ``RegistryContract``."""

    def test_a_response_is_had_again_as_it_was_put(self, registry: Registry, other: Registry) -> None:
        made = response(
            input=[{"type": "message", "content": "How deep?"}],
            request={"question": "How deep?"},
            previous="resp_1",
            conversation="conv_1",
            run="run_1",
        )
        registry.responses.put("acme", made)
        assert other.responses.get("acme", made.id) == made

    def test_texts_that_databases_refuse_are_kept(self, registry: Registry) -> None:
        made = replace(response(), body={"status": "completed", "text": "a\0b\ud800\U0001f30a"}, model="m\0")
        registry.responses.put("acme", made)
        kept = registry.responses.get("acme", made.id)
        assert (kept.body["text"], kept.model) == ("a\0b\ufffd\U0001f30a", "m\ufffd")

    def test_a_response_ends_once(self, registry: Registry) -> None:
        made = response(status="in_progress")
        registry.responses.put("acme", made)
        registry.responses.update("acme", made.id, run="run_1", conversation="conv_1")
        assert registry.responses.cancel("acme", made.id).body["status"] == "cancelled"
        late = registry.responses.update("acme", made.id, "completed", {"status": "completed", "text": "late"})
        assert (late.status, late.run, late.conversation) == ("cancelled", "run_1", "conv_1")
        assert late.body == {"object": "response", "status": "cancelled"}
        assert registry.responses.get("acme", made.id) == late

    def test_a_deleted_response_is_gone(self, registry: Registry) -> None:
        registry.responses.put("acme", made := response())
        registry.responses.delete("acme", made.id)
        for gone in (registry.responses.get, registry.responses.delete, registry.responses.cancel):
            with pytest.raises(NotFoundError, match=f"There is no response '{made.id}'"):
                gone("acme", made.id)

    def test_a_large_body_is_kept(self, registry: Registry) -> None:
        made = replace(response(), body={"status": "completed", "text": "wörd " * 10**6})
        registry.responses.put("acme", made)
        assert registry.responses.get("acme", made.id) == made
