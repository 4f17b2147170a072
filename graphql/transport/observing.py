"""What is known of each request when it is over, for logs and metrics: names of the schema and of routes, and nothing that anybody typed.

Whoever works at a request notes what it learns in the ``Handled`` under way, in threads that it began too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transport.documents import PreparedOperation

CLIENT_GONE: Final = 499
"""The status of a request whose client left before there was an answer, as nginx writes it; nobody receives it."""
NO_ROUTE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MOST_NAMED: Final = 5
_LABEL: Final = "label of logs and metrics"


@dataclass(slots=True)
class Handled:
    """One request: the pattern of its route, the operation (kind and root fields), who asked, what it was refused for, and how long it took."""

    method: str
    route: str
    operation: str = ""
    subject: str | None = None
    compiled: bool | None = None
    """Whether a plan answered a query; None for anything else."""
    codes: list[str] = field(default_factory=list)
    status: int = CLIENT_GONE
    seconds: float = 0.0
    request_id: str = ""


Observer = Callable[[Handled], None]
"""Told of each request when it is over, on the loop that serves: it may not wait."""

_under_way: ContextVar[Handled | None] = ContextVar("the request under way", default=None)


def under_way() -> Handled | None:
    """The request that is worked at here; None outside of one, and where nobody observes."""
    return _under_way.get()


def note_code(code: str) -> None:
    """Note what the request under way is refused for; ``code`` is one of the registry's lists."""
    handled = _under_way.get()
    if handled is not None and code not in handled.codes:
        handled.codes.append(code)


def label_of(operation: PreparedOperation) -> str:
    """An operation by its kind and the fields at its root, which the schema names; its own name is its author's, and left out."""
    found: str | None = operation.derived.get(_LABEL)
    if found is None:
        fields = sorted(set(operation.root_fields))
        more = [f"and {len(fields) - _MOST_NAMED} more"] if len(fields) > _MOST_NAMED else []
        found = " ".join([operation.kind.value, *fields[:_MOST_NAMED], *more])
        operation.derived[_LABEL] = found
    return found


def ignore(_handled: Handled) -> None:
    """The observer of who has none."""


class Observing:
    """ASGI middleware outside of all others: times each HTTP request and tells ``observe`` of it."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], observe: Observer) -> None:
        self._app, self._observe = app, observe
        self._route_of = lru_cache(maxsize=1024)(_Routes(routes))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell of it when it is over, however it ends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        handled = Handled(method, self._route_of(method, scope["path"]))
        begun = time.perf_counter()

        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                handled.status = message["status"]
            await send(message)

        token = _under_way.set(handled)
        try:
            await self._app(scope, receive, send_noting)
        finally:
            _under_way.reset(token)
            handled.seconds = time.perf_counter() - begun
            self._observe(handled)


class _Routes:
    """The patterns of routes: of a path it tells which of them answers, never the path itself."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    def __call__(self, method: str, path: str) -> str:
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        partial = NO_ROUTE
        for route in self._routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return str(getattr(route, "path", NO_ROUTE)) or "/"
            if match is Match.PARTIAL and partial == NO_ROUTE:
                partial = str(getattr(route, "path", NO_ROUTE)) or "/"
        return partial
