"""What ``DOCQA_BROKER_URL`` may look like, and what becomes of it for Celery and for people."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from celery import Celery
from pydantic import ValidationError

from ingest.broker import broker_health, broker_url, open_broker
from ingest.broker.address import address_of
from ingest.errors import SettingsError
from ingest.settings import Settings
from tests.servers.valkey import valkey

FORMS = {
    "redis://localhost": "redis://localhost:6379/0",
    "redis://:6380": "redis://127.0.0.1:6380/0",
    "redis://host:6380/2": "redis://host:6380/2",
    "redis://host?db=3": "redis://host:6379/3",
    "redis://me:pa%2Fss@[::1]:6380/2": "redis://me:pa%2Fss@[::1]:6380/2",
    "redis://host?password=p%40ss": "redis://:p%40ss@host:6379/0",
    "rediss://host": "rediss://host:6379/0?ssl_cert_reqs=required",
    "rediss://host?ssl_cert_reqs=none": "rediss://host:6379/0?ssl_cert_reqs=none",
    "unix:///run/a.sock": "redis+socket:///run/a.sock?virtual_host=0",
    "unix:///run/a%20b;.sock?db=4": "redis+socket:///run/a%20b%3B.sock?virtual_host=4",
    "unix://me:pa%2Fss@/run/a.sock?db=4": "redis+socket://me:pa%2Fss@/run/a.sock?virtual_host=4",
    "unix:///run/a.sock?password=p%40ss": "redis+socket://:p%40ss@/run/a.sock?virtual_host=0",
}
WRONG = {
    "redis://:top/secret@host:6379/0": "special characters of the password as %XX",
    "redis://:12/secret@host:6379/0": "does not end in the number of a database",
    "redis://:12#secret@host:6379/0": "does not end in the number of a database",
    "redis://host:port/0": "has to look like redis://",
    "redis://host/first": "does not end in the number of a database",
    "redis://host?socket_timeout=5": "has the option 'socket_timeout'; known ones are db, ",
    "redis://host?ssl_cert_reqs=none": "has the option 'ssl_cert_reqs'",
    "unix://run/a.sock": "has to look like unix:///run/valkey.sock",
    "unix:///": "has to look like unix:///run/valkey.sock",
}


@pytest.mark.parametrize("url", FORMS)
def test_celery_gets_its_own_form_of_the_url(url: str) -> None:
    assert broker_url(Settings(broker_url=url)) == FORMS[url]


@pytest.mark.parametrize("url", FORMS)
def test_what_people_see_has_no_password(url: str) -> None:
    shown = address_of(Settings(broker_url=url)).shown
    assert "ss@" not in shown
    assert "password" not in shown


@pytest.mark.parametrize("url", WRONG)
def test_a_url_that_cannot_be_meant_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match=WRONG[url]) as raised:
        broker_url(Settings(broker_url=url))
    assert "secret" not in str(raised.value)
    assert "top" not in str(raised.value)
    assert not broker_health(Settings(broker_url=url)).ok


@pytest.mark.parametrize("url", ["amqp://host", "host:6379", "redis://", "redis://ho st", "http://host"])
def test_only_urls_of_redis_are_settings(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(broker_url=url)


def test_settings_do_not_show_the_password() -> None:
    assert "secret" not in repr(Settings(broker_url="redis://:secret@host"))


def test_docqa_and_celery_reach_the_same_database_through_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "a b;%.sock"
    with valkey("--unixsocket", path, "--requirepass", "p/ä@"):
        settings = Settings(broker_url=f"unix://:p%2F%C3%A4%40@{tmp_path}/a%20b%3B%25.sock?db=4")
        Celery(broker=broker_url(settings)).send_task("docqa.part", queue="embed")
        with closing(open_broker(settings)) as broker:
            assert broker.lengths(["embed"], [0]) == {"embed": 1}
