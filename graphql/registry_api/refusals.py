"""Where the domain's refusals become answers: data in a payload for a mutation, an error with a code for a query."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

import strawberry
from strawberry.utils.str_converters import to_camel_case

from application.access import Action, require
from application.ports import EventUnreadable
from domain.messages import Language
from domain.refusals import RefusalCode, Refused
from registry_api.context import Context
from registry_api.policy import FIELDS, declare
from transport.errors import ApiError, unreadable_event
from transport.observing import note_code

UNKNOWN_SECONDS: Final = 0.05
"""How long it takes at least to refuse something as unknown, whether it is not there or not the asker's to see."""
_UNKNOWN: Final = frozenset({RefusalCode.UNKNOWN_CASE, RefusalCode.UNKNOWN_HOLDER})
P = ParamSpec("P")
T = TypeVar("T")


@strawberry.type(description="Why the registry refused. `code` is stable and documented; `message` is for people.")
class Refusal:
    """A refusal of the domain."""

    code: str
    message: str
    field: str | None


def as_data(refused: Refused, language: Language) -> Refusal:
    """A refusal as a payload carries it."""
    note_code(refused.code.value)
    return Refusal(code=refused.code.value, message=refused.text(language), field=refused.field)


def as_error(refused: Refused) -> ApiError:
    """A refusal as a query answers it."""
    return ApiError(refused.code, refused.said, {"field": refused.field} if refused.field else None)


def _gate_of(resolver: Callable[..., Any]) -> Callable[[Context], None]:
    """What asks the policy before a field at the root looks at its input. Raises ``KeyError`` for a field without an action."""
    action = FIELDS[to_camel_case(resolver.__name__)]

    def gate(context: Context) -> None:
        if action is not None:
            require(context.actor, action)

    return gate


def _context_of(_root: Any, info: Any, **_named: Any) -> Context:
    """The request that a field at the root is asked by."""
    return cast("Context", info.context)


def answering(action: Action | None) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """A query that is this action: gated, and its refusals reach the client as errors with their codes."""

    def gated(resolver: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        declare(to_camel_case(resolver.__name__), action)
        gate = _gate_of(resolver)

        @wraps(resolver)
        async def answer(*arguments: P.args, **named: P.kwargs) -> T:
            context = _context_of(*arguments, **named)
            try:
                gate(context)
                return await resolver(*arguments, **named)
            except Refused as refused:
                raise as_error(refused) from None
            except EventUnreadable as unreadable:
                raise unreadable_event(unreadable) from None

        return answer

    return gated


def allow(context: Context, action: Action) -> None:
    """Let a stream begin. Raises ``ApiError`` (NOT_PERMITTED) where the policy says no."""
    try:
        require(context.actor, action)
    except Refused as refused:
        raise as_error(refused) from None


Payload = TypeVar("Payload")


def recording(
    payload: Callable[..., Payload],
) -> Callable[[Callable[P, Awaitable[Payload]]], Callable[P, Awaitable[Payload]]]:
    """Gate a mutation, and let its refusals come back as ``payload(refusal=…)``, malformed identifiers as well-formed errors."""

    def decorate(resolver: Callable[P, Awaitable[Payload]]) -> Callable[P, Awaitable[Payload]]:
        gate = _gate_of(resolver)

        @wraps(resolver)
        async def answer(*arguments: P.args, **named: P.kwargs) -> Payload:
            started, context = time.monotonic(), _context_of(*arguments, **named)
            try:
                gate(context)
                return await resolver(*arguments, **named)
            except Refused as refused:
                if refused.code in _UNKNOWN:
                    # What is not there is found faster than what is not allowed; both answers take the same while.
                    await asyncio.sleep(max(0.0, UNKNOWN_SECONDS - (time.monotonic() - started)))
                return payload(refusal=as_data(refused, context.language))
            except EventUnreadable as unreadable:
                raise unreadable_event(unreadable) from None

        return answer

    return decorate


__all__: list[Any] = ["Refusal", "answering", "as_data", "as_error", "recording"]
