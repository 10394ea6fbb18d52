"""Who may do what: the one place that looks at keys, scopes and limits. Every route depends on one of its callers.

Without a key the service is open to programs of its own machine, as long as it listens on a loopback address and no
key was ever made. A page of another origin, or a name that was pointed at this machine, is refused then: a browser
would let it in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from docqa.answering.answering import KEY_GONE
from docqa.api.errors import ApiError
from docqa.api.http.addresses import is_loopback
from docqa.api.service import Service
from docqa.registry.keys import Key

Scope = Literal["read", "write", "admin"]
ABOVE: dict[Scope, frozenset[str]] = {
    "read": frozenset(("read", "write", "admin")),
    "write": frozenset(("write", "admin")),
    "admin": frozenset(("admin",)),
}
"""The scopes of a key of which one is enough for a scope."""
_bearer = HTTPBearer(auto_error=False, description="A key of 'docqa keys create'.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user of a tenant, with the scopes of the key; ``key`` is None where the service is open."""

    tenant: str
    user: str
    scopes: frozenset[str]
    key: Key | None = None

    @property
    def key_id(self) -> str:
        """The id of the key; empty where the service is open."""
        return self.key.id if self.key else ""

    def may(self, scope: Scope) -> bool:
        """Whether a scope is among those of the caller, or below one of them."""
        return bool(ABOVE[scope] & self.scopes)


def service_of(request: Request) -> Service:
    """The service that answers a request."""
    service: Service = request.app.state.service
    return service


TheService = Annotated[Service, Depends(service_of)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def caller_of(request: Request, service: TheService, bearer: Bearer) -> Caller:
    """The caller of a request, by its key.

    Raises:
        ApiError: 401 for no key or a wrong one, 403 for a page of another origin, 429 for too many requests.
    """
    keys = service.registry.keys
    here = (request.scope.get("server") or ("",))[0]  # what was connected to, whatever the settings say
    if not keys.any() and is_loopback(service.settings.host) and is_loopback(here):
        _refuse_other_origins(request)
        return Caller(service.settings.tenant, service.settings.user, frozenset(("read", "write", "admin")))
    if bearer is None:
        raise _refused("A key is needed: Authorization: Bearer KEY. 'docqa keys create' makes one.")
    key = keys.check(bearer.credentials)
    if key is None:
        raise _refused("This key is wrong, was revoked or has expired.")
    if key.per_minute and (wait := service.limiter.take(key.id, key.per_minute)):
        raise ApiError(
            429,
            f"More than {key.per_minute} requests a minute; repeat it in {wait:.0f} s.",
            "rate_limit_exceeded",
            headers={"Retry-After": f"{wait + 0.5:.0f}"},
        )
    return Caller(key.tenant, key.user, frozenset(key.scopes), key)


def needing(scope: Scope) -> Callable[..., Caller]:
    """A dependency that lets only callers with a scope through."""

    def checked(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if not caller.may(scope):
            raise ApiError(403, f"This key lacks the scope '{scope}'.", "insufficient_permissions")
        return caller

    return checked


Reading = Annotated[Caller, Depends(needing("read"))]
Writing = Annotated[Caller, Depends(needing("write"))]
Administering = Annotated[Caller, Depends(needing("admin"))]


def still_allowed(service: Service, caller: Caller) -> None:
    """See that a caller who is answered for long may still be answered.

    Raises:
        ApiError: the key was revoked or has expired meanwhile.
    """
    if caller.key and not service.registry.keys.usable([caller.key.id]):
        raise _refused(KEY_GONE)


def _refuse_other_origins(request: Request) -> None:
    """Let no page in but the service's own, and those that the settings name."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    try:
        here = is_loopback(urlsplit(f"//{host}").hostname or "")
        own = (
            origin is None
            or urlsplit(origin).netloc == host
            or origin in request.app.state.service.settings.cors_origins.split()
        )
    except ValueError:
        here = own = False
    if not (here and own):
        told = "Without keys the service is open to programs of this machine alone, and to no page of another origin"
        raise ApiError(403, f"{told}: 'docqa keys create' makes a key.", "foreign_origin")


def _refused(message: str) -> ApiError:
    return ApiError(401, message, "invalid_api_key", headers={"WWW-Authenticate": "Bearer"})
