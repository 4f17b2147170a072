"""Subscriptions under way, whichever transport carries them: how many, for how long, and what ends one.

A stream is handed on message by message, at the pace at which its client takes them; nothing waits for a client but the one message on
its way. One watch looks after all of them: who has taken nothing for a while is told and cut, whose token is not believed any
more is told and ended, and all are told when the server stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson
from starlette.datastructures import Headers
from starlette.types import Scope

from domain.messages import tell
from graphql import ExecutionResult, GraphQLError
from transport.documents import PreparedOperation
from transport.errors import ApiError, ErrorCode
from transport.masking import MaskErrors
from transport.parameters import GraphQLRequest

TICK_SECONDS: Final = 0.25
SLOW_SECONDS: Final = 10.0
"""How long a client may take for what comes together."""
TELLING_SECONDS: Final = 2.0
"""How long it is waited that a client takes the message that tells it why it is cut."""
PROVING_SECONDS: Final = 10.0
"""How often it is asked again whether a token is believed."""
LINE: Final = "recognition.line"
"""An extension of the server's scope, a ``Line``: what carries a stream."""

Body = bytes | ExecutionResult
"""A whole response in UTF-8 JSON, or a result whose errors are still raw."""


class Line(Protocol):
    """The connection that carries a stream, as the server holds it."""

    def carries(self) -> None:
        """It carries streams from now on, and is no request that others wait behind."""

    def abort(self) -> None:
        """End it at once, with what its client has not taken."""


class Follow(Protocol):
    """Answers a subscription: a response for each thing that happens, those together that come together.

    Raises what ends the stream: ``StreamRefused``, ``ApiError``, or whatever else is masked.
    """

    def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Any
    ) -> AsyncIterator[Sequence[Body]]:
        """Begin where the request says."""
        ...


class StreamRefused(Exception):
    """A subscription that does not begin; ``errors`` are those of GraphQL, still raw."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = list(errors)


def too_slow() -> ApiError:
    """The end of a stream whose client does not keep up."""
    return ApiError(ErrorCode.TOO_SLOW, tell("stream.too_slow"))


@dataclass(eq=False, slots=True)
class Stream:
    """One subscription under way, to whom, and with which headers it was asked for."""

    subject: str
    headers: Headers
    abort: Callable[[], None]
    keep_alive: Callable[[], Awaitable[None]] | None = None
    """Says something to a client to which nothing is told, so that what lies between keeps the connection."""
    task: asyncio.Task[None] | None = None
    sending_since: float | None = None
    spoke_at: float = field(default_factory=time.monotonic)
    proved_at: float = field(default_factory=time.monotonic)
    ending: ApiError | None = None

    def end(self, why: ApiError) -> None:
        """End it, once: its client is told why."""
        if self.ending is None and self.task is not None and not self.task.done():
            self.ending = why
            self.task.cancel()

    async def run(
        self,
        source: AsyncIterator[Sequence[Body]],
        deliver: Callable[[Sequence[bytes]], Awaitable[None]],
        encoded: Encode,
    ) -> None:
        """Hand on what comes, until there is no more. Raises ``ApiError`` where ``end`` was called, and what the source raises."""
        self.task = asyncio.current_task()
        try:
            async for bodies in source:
                together = [encoded(body) for body in bodies]
                self.sending_since = time.monotonic()
                await deliver(together)
                self.spoke_at = time.monotonic()
                self.sending_since = None
        except asyncio.CancelledError:
            if self.ending is None:
                raise
            if self.task is not None:
                self.task.uncancel()
            raise self.ending from None
        finally:
            self.sending_since = self.task = None
            await aclose(source)

    async def told(self, telling: Awaitable[None]) -> None:
        """Tell its client why it ends; the connection of one that does not take even that is ended."""
        try:
            async with asyncio.timeout(TELLING_SECONDS):
                await telling
        except TimeoutError:
            self.abort()


Encode = Callable[[Body], bytes]
"""A response as the bytes that are sent."""


async def aclose(source: AsyncIterator[Any]) -> None:
    """Let an iterator end what it has begun."""
    close = getattr(source, "aclose", None)
    if close is not None:
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await close()


class Streams:
    """Every stream of a server, and the watch over them. Not shared by threads: it belongs to an event loop."""

    def __init__(
        self,
        follow: Follow,
        *,
        prove: Callable[[Headers], Awaitable[Any]],
        stopping: Callable[[], bool],
        of_one: int,
        in_all: int,
        quiet_seconds: float = 15.0,
    ) -> None:
        """``prove`` answers whom headers name and raises ApiError where that is not believed any more; it counts nothing.

        ``of_one`` is how many streams one subject may have, ``in_all`` how many there may be; after ``quiet_seconds`` of silence a
        client is shown that the connection stands.
        """
        self.follow = follow
        self.ended: Counter[str] = Counter()
        """How many streams were ended by the server, by code, since the start."""
        self._prove, self._stopping = prove, stopping
        self._of_one, self._in_all, self._quiet = of_one, in_all, quiet_seconds
        self._open: set[Stream] = set()
        self._by_subject: Counter[str] = Counter()
        self._watching: asyncio.Task[None] | None = None
        self._asides: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._open)

    @contextlib.contextmanager
    def one(self, stream: Stream) -> Iterator[Stream]:
        """Have a stream for as long as the context lasts.

        Raises ApiError: RATE_LIMITED where the subject has as many as it may, UNAVAILABLE where there are too many or the server stops.
        """
        if self._stopping():
            raise stopping()
        if self._by_subject[stream.subject] >= self._of_one:
            raise ApiError(ErrorCode.RATE_LIMITED, tell("stream.too_many", most=self._of_one))
        if len(self._open) >= self._in_all:
            raise ApiError(ErrorCode.UNAVAILABLE, tell("stream.full"))
        self._open.add(stream)
        self._by_subject[stream.subject] += 1
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield stream
        finally:
            self._open.discard(stream)
            self._by_subject[stream.subject] -= 1
            if not self._by_subject[stream.subject]:
                del self._by_subject[stream.subject]
            if stream.ending is not None:
                self.ended[stream.ending.code.value] += 1

    async def _watch(self) -> None:
        """Look after every stream while there is one."""
        ticks = 0
        while self._open:
            await asyncio.sleep(TICK_SECONDS)
            if self._stopping():
                for stream in list(self._open):
                    stream.end(stopping())
            ticks += 1
            if ticks % 4 == 0:
                await self._look()

    async def _look(self) -> None:
        now = time.monotonic()
        for number, stream in enumerate(list(self._open)):
            if stream.sending_since is not None:
                if now - stream.sending_since > SLOW_SECONDS:
                    stream.end(too_slow())
            elif stream.keep_alive is not None and now - stream.spoke_at > self._quiet:
                stream.spoke_at = now
                self._aside(stream, stream.keep_alive())
            if now - stream.proved_at > PROVING_SECONDS:
                stream.proved_at = now
                await self._believed(stream)
            if number % 500 == 499:
                await asyncio.sleep(0)

    async def _believed(self, stream: Stream) -> None:
        try:
            await self._prove(stream.headers)
        except ApiError as refusal:
            if refusal.code is not ErrorCode.UNAVAILABLE:  # what can't be judged at the moment is judged later
                stream.end(refusal)

    def _aside(self, stream: Stream, saying: Awaitable[None]) -> None:
        async def said() -> None:
            try:
                async with asyncio.timeout(SLOW_SECONDS):
                    await saying
            except TimeoutError:
                stream.end(too_slow())
            except OSError:
                pass  # the client has gone, as its stream will find

        task = asyncio.get_running_loop().create_task(said())
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


def stopping() -> ApiError:
    """The end of a stream whose server stops."""
    return ApiError(ErrorCode.UNAVAILABLE, tell("stream.stopping"))


def line_of(scope: Scope) -> Line:
    """The connection of a request; one that can do nothing where the server does not show it."""
    found: Line = scope.get("extensions", {}).get(LINE) or _NoLine()
    return found


class _NoLine:
    def carries(self) -> None:
        """See ``Line``."""

    def abort(self) -> None:
        """See ``Line``."""


def errors_of(ended: BaseException, masked: MaskErrors) -> list[dict[str, Any]]:
    """What a client is told of the end of a stream."""
    if isinstance(ended, StreamRefused):
        return masked.format(ended.errors)
    if isinstance(ended, ApiError):
        return [masked.refusal(ended)]
    explained = masked.explained(ended)
    return [masked.defect(ended, "a subscription") if explained is None else masked.refusal(explained)]


def encoder(masked: Callable[[], MaskErrors], check: Callable[[bytes], None]) -> Encode:
    """What makes bytes of responses, their errors masked; ``check`` raises for one that is too large."""

    def encoded(body: Body) -> bytes:
        if not isinstance(body, bytes):
            shown: dict[str, Any] = {"data": body.data}
            if body.errors:
                shown["errors"] = masked().format(body.errors)
            body = orjson.dumps(shown)
        check(body)
        return body

    return encoded
