"""Keys open the library of their tenant, for as long as they may."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from docqa.registry import Registry
from ingest.errors import NotFoundError, SettingsError


class OpeningContract:
    """Inherited by ``RegistryContract``."""

    def test_a_key_opens_what_it_was_made_for(self, registry: Registry) -> None:
        key, secret = registry.keys.create("acme", "ada", ["admin", "read"], "laptop", None, 60, 4)
        assert secret.startswith(key.prefix)
        assert (len(secret), len(key.prefix)) == (46, 8)
        assert (key.tenant, key.user, key.name, key.scopes) == ("acme", "ada", "laptop", ("read", "admin"))
        assert (key.per_minute, key.concurrent) == (60, 4)
        assert registry.keys.check(secret) == key

    def test_a_key_may_read_and_write_unless_something_else_is_said(self, registry: Registry) -> None:
        key, _ = registry.keys.create("acme")
        assert (key.user, key.scopes, key.expires) == ("default", ("read", "write"), None)

    @pytest.mark.parametrize("wrong", ["", "dq-", "sk-{}", "{}x", " {}", "{}\n", "dq-\ud800", "dq-\0", "dq-é" * 11])
    def test_what_is_no_key_opens_nothing(self, registry: Registry, wrong: str) -> None:
        _, secret = registry.keys.create("acme")
        assert registry.keys.check(wrong.format(secret)) is None

    def test_a_key_that_differs_in_one_character_opens_nothing(self, registry: Registry) -> None:
        _, secret = registry.keys.create("acme")
        assert registry.keys.check(secret[:-1] + ("A" if secret[-1] != "A" else "B")) is None

    def test_an_expired_key_opens_nothing(self, registry: Registry) -> None:
        _, gone = registry.keys.create("acme", expires=time.time() - 1)
        _, good = registry.keys.create("acme", expires=time.time() + 3600)
        assert registry.keys.check(gone) is None
        assert registry.keys.check(good)

    def test_a_revoked_key_opens_nothing_in_any_process(self, registry: Registry, other: Registry) -> None:
        key, secret = registry.keys.create("acme")
        assert other.keys.check(secret)
        revoked = registry.keys.revoke(key.id)
        assert revoked.revoked is not None
        assert (registry.keys.check(secret), other.keys.check(secret)) == (None, None)
        assert registry.keys.revoke(key.id) == revoked

    def test_a_key_is_revoked_by_the_beginning_of_its_secret(self, registry: Registry) -> None:
        key, secret = registry.keys.create("acme")
        assert registry.keys.revoke(key.prefix).id == key.id
        assert registry.keys.revoke(secret).id == key.id

    @pytest.mark.parametrize("which", ["", "dq-", "key_", "key_0", "\ud800\0"])
    def test_a_key_that_does_not_exist_cannot_be_revoked(self, registry: Registry, which: str) -> None:
        registry.keys.create("acme")
        with pytest.raises(NotFoundError, match="'docqa keys list' shows the id"):
            registry.keys.revoke(which)

    def test_a_key_of_another_tenant_cannot_be_revoked(self, registry: Registry) -> None:
        key, secret = registry.keys.create("acme")
        with pytest.raises(NotFoundError):
            registry.keys.revoke(key.id, "other")
        assert registry.keys.check(secret)

    def test_that_a_key_is_used_is_noted_once_a_minute(self, registry: Registry) -> None:
        key, secret = registry.keys.create("acme")
        registry.keys.check(secret)
        [first] = registry.keys.list("acme")
        registry.keys.check(secret)
        assert first.last_used is not None
        assert registry.keys.list("acme") == [replace(key, last_used=first.last_used)]

    def test_keys_are_listed_by_tenant(self, registry: Registry) -> None:
        ids = [registry.keys.create(tenant)[0].id for tenant in ("beta", "acme", "beta")]
        assert [key.id for key in registry.keys.list()] == [ids[1], ids[0], ids[2]]
        assert [key.id for key in registry.keys.list("beta")] == [ids[0], ids[2]]
        assert registry.keys.list("gamma") == []

    def test_a_service_is_open_only_until_the_first_key_was_made(self, registry: Registry, other: Registry) -> None:
        assert not registry.keys.any()
        key, _ = other.keys.create("acme")
        assert registry.keys.any()
        other.keys.revoke(key.id)
        assert (registry.keys.any(), other.keys.any()) == (True, True)

    @pytest.mark.parametrize(
        ("tenant", "user", "scopes"),
        [("", "ada", ["read"]), ("a b", "ada", ["read"]), ("acme", "/", ["read"]), ("acme", "ada", []),
         ("acme", "ada", ["root"]), ("acme\n", "ada", ["read"]), ("x" * 65, "ada", ["read"])],
    )  # fmt: skip
    def test_a_key_for_nobody_is_refused(self, registry: Registry, tenant: str, user: str, scopes: list[str]) -> None:
        with pytest.raises(SettingsError):
            registry.keys.create(tenant, user, scopes)
        assert registry.keys.list() == []

    def test_the_secret_of_an_installation_is_one_for_all_processes(self, registry: Registry, other: Registry) -> None:
        assert len(registry.secret()) == 32
        assert other.secret() == registry.secret() == registry.secret()
