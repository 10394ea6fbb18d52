"""``docqa keys``: who may use the service."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.options import Json, examples, load_settings, no_library_yet
from docqa.cli.output import Screen, clean, date, to_json
from ingest.errors import NotFoundError

if TYPE_CHECKING:
    from docqa.registry.keys import Key

app = typer.Typer(help="Create, list or revoke the keys of the service.", no_args_is_help=True, rich_markup_mode=None)
DAY = 86_400
NO_KEY = "There is no key. 'docqa keys create' makes one."
HEADINGS = ("id", "begins with", "tenant", "user", "name", "scopes", "created", "expires", "last used", "state")
Name = Annotated[str, typer.Option("--name", help="What it is for, to tell it from others in lists.")]
Tenant = Annotated[
    str, typer.Option("--tenant", help="Whose library it opens; without: DOCQA_TENANT.", show_default=False)
]
User = Annotated[
    str, typer.Option("--user", help="Whose conversations and memory; without: DOCQA_USER.", show_default=False)
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        help="What it allows: read, write (and read) or admin (and both); repeat it for several. Without: write.",
        show_default=False,
    ),
]
Days = Annotated[int, typer.Option("--days", min=0, max=36_500, help="Days after which it expires; 0: never.")]
PerMinute = Annotated[
    int, typer.Option("--per-minute", min=0, max=10**6, help="Most requests in a minute; 0: any number.")
]
Concurrent = Annotated[int, typer.Option("--concurrent", min=0, max=10**6, help="Most answers at once; 0: any number.")]
OfTenant = Annotated[str, typer.Option("--tenant", help="Only those of this tenant.", show_default=False)]
Which = Annotated[
    str, typer.Argument(metavar="KEY", help="Its id, or the beginning that lists show.", show_default=False)
]


@app.command(
    epilog=examples(
        "docqa keys create --name 'Open WebUI'",
        "docqa keys create --tenant acme --user ada --scope read --days 90",
        "docqa keys create --per-minute 60 --concurrent 4 --json",
    )
)
def create(
    name: Name = "",
    tenant: Tenant = "",
    user: User = "",
    scope: Scopes = None,
    days: Days = 0,
    per_minute: PerMinute = 0,
    concurrent: Concurrent = 0,
    json: Json = False,
) -> None:
    """Make a key and print it, this once: what is kept does not give it back.

    From the first key on the service asks for one, on this machine too.
    """
    from docqa.registry import open_registry

    settings = load_settings()
    expires = time.time() + days * DAY if days else None
    with open_registry(settings) as registry:
        key, secret = registry.keys.create(
            tenant or settings.tenant, user or settings.user, scope or ("read", "write"), clean(name), expires,
            per_minute, concurrent,
        )  # fmt: skip
    if json:
        print(to_json(key, secret=secret))
        return
    print(secret)
    ends = f"until {date(expires)}" if expires else "until it is revoked"
    opens = f"{clean(key.tenant)}, user {clean(key.user)} ({', '.join(key.scopes)})"
    told = f"Keep it: it is shown this once. It opens tenant {opens} {ends}; 'docqa keys revoke {key.id}' revokes it."
    Screen(sys.stderr).line(told)


@app.command("list", epilog=examples("docqa keys list", "docqa keys list --tenant acme --json"))
def list_keys(tenant: OfTenant = "", json: Json = False) -> None:
    """List the keys of all tenants, without their secrets: how each begins, what it allows, when it was last used."""
    from docqa.registry import open_registry

    settings = load_settings()
    if no_library_yet(settings):
        found = []
    else:
        with open_registry(settings) as registry:
            found = registry.keys.list(tenant or None)
    if json:
        for key in found:
            print(to_json(key))
    elif found:
        Screen().table(HEADINGS, map(_row, found))
    else:
        Screen().line(NO_KEY)


@app.command(epilog=examples("docqa keys revoke key_5c1d02aa7e91f3b6c8d40a12", "docqa keys revoke dq-Zk3fQ"))
def revoke(key: Which, json: Json = False) -> None:
    """Let a key be used no more, from this moment on. Nothing that it made is lost."""
    from docqa.registry import open_registry

    settings = load_settings()
    if no_library_yet(settings):
        raise NotFoundError(NO_KEY)
    with open_registry(settings) as registry:
        revoked = registry.keys.revoke(key)
    named = f" ({clean(revoked.name)})" if revoked.name else ""
    print(to_json(revoked) if json else f"Revoked {revoked.id}, {revoked.prefix}…{named}.")


def _row(key: Key) -> tuple[str, ...]:
    expires = date(key.expires) if key.expires else "never"
    used = date(key.last_used) if key.last_used else "never"
    state = "revoked" if key.revoked else "usable" if key.usable(time.time()) else "expired"
    return (
        *(key.id, f"{key.prefix}…", clean(key.tenant), clean(key.user), clean(key.name)),
        *(", ".join(key.scopes), date(key.created), expires, used, state),
    )
