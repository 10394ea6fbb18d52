"""Keys of the service, made and revoked."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from docqa.registry import open_registry
from docqa.registry.keys import Key
from docqa.settings import Settings
from tests.docqa.cli.conftest import Docqa


def checked(tmp_path: Path, secret: str) -> Key | None:
    with open_registry(Settings(data_dir=tmp_path / "data")) as registry:
        return registry.keys.check(secret)


def test_a_key_that_was_made_is_printed_alone_and_opens(docqa: Docqa, tmp_path: Path) -> None:
    ended = docqa("keys", "create", "--name", "laptop")
    key = checked(tmp_path, ended.out.strip())
    assert key
    assert (key.tenant, key.user, key.name, key.scopes, key.expires) == (
        "default", "default", "laptop", ("read", "write"), None,
    )  # fmt: skip
    assert "It opens tenant default, user default (read, write) until it is revoked" in ended.err
    assert f"'docqa keys revoke {key.id}'" in ended.err


def test_a_key_is_made_for_a_tenant_a_user_and_a_time(docqa: Docqa, tmp_path: Path) -> None:
    options = ("--tenant", "acme", "--user", "ada@acme", "--scope", "read", "--days", "2", "--per-minute", "60")
    record = docqa("keys", "create", *options, "--concurrent", "4", "--json").records[0]
    key = checked(tmp_path, record["secret"])
    assert key
    assert (key.tenant, key.user, key.scopes, key.per_minute, key.concurrent) == ("acme", "ada@acme", ("read",), 60, 4)
    assert key.expires == record["expires"] > time.time() + 86_400


def test_a_key_is_of_the_tenant_and_the_user_of_the_settings(docqa: Docqa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_TENANT", "acme")
    monkeypatch.setenv("DOCQA_USER", "ada")
    record = docqa("keys", "create", "--json").records[0]
    assert (record["tenant"], record["user"]) == ("acme", "ada")


def test_keys_are_listed_without_their_secrets(docqa: Docqa, tmp_path: Path) -> None:
    made = [docqa("keys", "create", "--tenant", tenant, "--json").records[0] for tenant in ("beta", "acme")]
    checked(tmp_path, made[0]["secret"])
    docqa("keys", "revoke", made[1]["prefix"])
    heads, *rows = (line.split("\t") for line in docqa("keys", "list").out.splitlines())
    acme, beta = (dict(zip(heads, row, strict=True)) for row in rows)
    assert (acme["tenant"], acme["state"], acme["last used"], acme["expires"]) == ("acme", "revoked", "never", "never")
    assert (beta["state"], beta["begins with"], beta["scopes"]) == ("usable", f"{made[0]['prefix']}…", "read, write")
    assert beta["last used"].startswith("20")
    listed = docqa("keys", "list", "--tenant", "beta", "--json").records
    assert [(each["id"], "secret" in each) for each in listed] == [(made[0]["id"], False)]


def test_a_revoked_key_opens_nothing(docqa: Docqa, tmp_path: Path) -> None:
    record = docqa("keys", "create", "--name", "old", "--json").records[0]
    assert docqa("keys", "revoke", record["id"]).out == f"Revoked {record['id']}, {record['prefix']}… (old).\n"
    assert checked(tmp_path, record["secret"]) is None
    assert docqa("keys", "revoke", record["id"], "--json").records[0]["revoked"]


def test_a_name_cannot_move_the_cursor(docqa: Docqa) -> None:
    docqa("keys", "create", "--name", "a\x1b[2Jb\nc")
    assert "\x1b" not in (out := docqa("keys", "list").out)
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scope", "root"], "The scopes of a key are some of read, write, admin."),
        (["--tenant", "a b"], "'a b' cannot name a tenant"),
        (["--user", "a/b"], "'a/b' cannot name a user"),
    ],
)
def test_a_key_for_nobody_is_refused(docqa: Docqa, options: list[str], said: str) -> None:
    ended = docqa("keys", "create", *options)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


def test_a_key_that_does_not_exist_cannot_be_revoked(docqa: Docqa) -> None:
    docqa("keys", "create")
    ended = docqa("keys", "revoke", "dq-nobod")
    assert ended.code == 1
    assert "'docqa keys list' shows the id of each" in ended.err


def test_without_a_data_folder_there_is_no_key_and_none_is_made(docqa: Docqa, tmp_path: Path) -> None:
    assert "'docqa keys create' makes one" in docqa("keys", "list").out
    assert docqa("keys", "list", "--json").records == []
    assert docqa("keys", "revoke", "dq-12345").code == 1
    assert not (tmp_path / "data").exists()
