"""From stored bytes to events: what the registry's mapper and whoever holds stored bytes without any key have in common.

Reading replaces what is sealed, upcasts, then validates, in this order: a seal is bound to the shape the event was stored in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from application.personal_plan import plan_of
from application.sealed_values import is_sealed
from domain.base import Event
from domain.messages import SpokenError, tell

Opens = Callable[[str, Any], Any]
"""What stands for the personal value at a path of an event's JSON, which may be a seal or, wrongly, none."""


class Unreadable(SpokenError):
    """Stored bytes are no event; the message says why, and nothing of the content."""


def state_of(stored: bytes) -> dict[str, Any]:
    """The JSON of a stored event. Raises ``Unreadable``."""
    try:
        state = orjson.loads(stored)
    except orjson.JSONDecodeError:
        state = None
    if not isinstance(state, dict):
        raise Unreadable(tell("unreadable.no_object"))
    return state


def holder_of(state: dict[str, Any]) -> UUID:
    """The holder of an event in any class version: these two places are permanent, since seals depend on them.

    Raises ``Unreadable`` where neither names one.
    """
    holder = state.get("holder")
    reference = state.get("holder_ref") or (holder.get("ref") if isinstance(holder, dict) else None)
    try:
        return UUID(reference)
    except (TypeError, ValueError, AttributeError):
        raise Unreadable(tell("unreadable.no_holder")) from None


def event_of(
    kind: type[Event], stream_id: UUID, stream_version: int, state: dict[str, Any], opener: Callable[[], Opens]
) -> Event:
    """The event behind the JSON of a stored one, validated; the JSON is used up.

    ``opener`` is asked once. Raises ``Unreadable``, and what it raises.
    """
    version = state.pop("class_version", 1)
    if not isinstance(version, int) or not 1 <= version <= kind.class_version:
        raise Unreadable(tell("unreadable.newer"))
    if version < kind.class_version:
        replace_sealed(state, "", opener())
        _upcast(kind, state, version)
    elif (plan := plan_of(kind)) is not None:
        plan.replace(state, opener())
    state["timestamp"] = state.pop("recorded_at", None)
    state["originator_id"] = stream_id
    state["originator_version"] = stream_version
    try:
        return kind.model_validate(state)
    except ValidationError as error:
        faults = sorted({f"{'.'.join(map(str, e['loc']))} ({e['type']})" for e in error.errors(include_input=False)})
    raise Unreadable(tell("unreadable.model", places=faults))


def replace_sealed(value: Any, path: str, open_at: Opens) -> Any:
    """Replace whatever is sealed in the JSON of an event, of an older shape too, which today's plan does not describe."""
    if is_sealed(value):
        return open_at(path, value)
    if isinstance(value, dict):
        for name, inner in value.items():
            value[name] = replace_sealed(inner, f"{path}.{name}" if path else name, open_at)
    elif isinstance(value, list):
        value[:] = [replace_sealed(inner, f"{path}.{index}", open_at) for index, inner in enumerate(value)]
    return value


def _upcast(event_class: type[Event], state: dict[str, Any], version: int) -> None:
    for step in range(version, event_class.class_version):
        name = f"upcast_v{step}_v{step + 1}"
        upcast = getattr(event_class, name, None)
        if upcast is None:
            raise Unreadable(tell("unreadable.no_upcast", name=name))
        try:
            upcast(state)
        except (LookupError, TypeError, ValueError, AttributeError):
            upcast = None
        if upcast is None:
            raise Unreadable(tell("unreadable.upcast_misfit", name=name))
