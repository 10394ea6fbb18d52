"""What requests want included."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from docqa.api.schemas.responses import RESULTS, Includable

_ABOUT = f"`{RESULTS}` adds what searches found."


def _included(
    include: Annotated[list[Includable] | None, Query(max_length=20, description=_ABOUT)] = None,
    bracketed: Annotated[
        list[Includable] | None,
        Query(alias="include[]", max_length=20, description="The same, as OpenAI's clients write it."),
    ] = None,
) -> list[str]:
    return [*(include or []), *(bracketed or [])]


Included = Annotated[list[str], Depends(_included)]
