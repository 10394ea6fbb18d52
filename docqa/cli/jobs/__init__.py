"""``docqa jobs``: long work, followed and steered."""

from __future__ import annotations

import typer

from docqa.cli.jobs import listing, metrics, steering, watching
from docqa.cli.options import examples

app = typer.Typer(help="Follow and steer long work.", no_args_is_help=True, rich_markup_mode=None)
app.command("list", epilog=examples("docqa jobs list", "docqa jobs list --all --json"))(listing.list_jobs)
app.command(epilog=examples("docqa jobs show 3f2a91c0", "docqa jobs show 3f2a91c0 --json"))(listing.show)
app.command(
    epilog=examples(
        "docqa jobs watch", "docqa jobs watch 3f2a91c0", "docqa jobs watch --once", "docqa jobs watch --json"
    )
)(watching.watch)
app.command(epilog=examples("docqa jobs cancel 3f2a91c0", "docqa jobs cancel 3f2a91c0 --remove --yes"))(steering.cancel)
app.command(epilog=examples("docqa jobs pause 3f2a91c0"))(steering.pause)
app.command(epilog=examples("docqa jobs resume 3f2a91c0"))(steering.resume)
app.command(epilog=examples("docqa jobs retry 3f2a91c0"))(steering.retry)
app.command(epilog=examples("docqa jobs log 3f2a91c0", "docqa jobs log 3f2a91c0 --json"))(listing.log)
app.command(epilog=examples("docqa jobs verify", "docqa jobs verify --repair --deep"))(steering.verify)
app.command("re-embed", epilog=examples("docqa jobs re-embed", "docqa jobs re-embed -c work"))(steering.re_embed)
app.command(epilog=examples("docqa jobs export ~/dump", "docqa jobs export ~/dump -c work"))(steering.export)
app.command(epilog=examples("docqa jobs metrics", "docqa jobs metrics --json"))(metrics.metrics)
