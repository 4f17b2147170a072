"""What of an event is shown: facts without their envelope, persons masked unless somebody opens them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from application.seals import is_personal
from domain.base import Event
from domain.values import PersonalData

_ITEMS: Final = 5
_CHARACTERS: Final = 500
_ENVELOPE: Final = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp", "by"})


Opens = Callable[[str], str | None]
"""What a seal holds; None after erasure."""


def facts(event: Event, opens: Opens | None) -> dict[str, Any]:
    """An event's own facts as JSON values; personal ones as ``opens`` answers them, None without it."""
    shown = _shown(event, opens)
    return {name: value for name, value in shown.items() if name not in _ENVELOPE}


def clipped(shown: dict[str, Any]) -> dict[str, Any]:
    """Facts at a length that lists can bear: of a long list its first items, of a long text its beginning.

    ``clipped`` then names what was shortened, with how many items or characters there are.
    """
    short: dict[str, int] = {}
    facts = {name: _clipped(value, name, short) for name, value in shown.items()}
    return facts | {"clipped": short} if short else facts


def _clipped(value: Any, path: str, short: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {name: _clipped(inner, f"{path}.{name}", short) for name, inner in value.items()}
    most = _ITEMS if isinstance(value, list) else _CHARACTERS
    if isinstance(value, list | str) and len(value) > most:
        short[path] = len(value)
        value = value[:most]
    if isinstance(value, list):
        return [_clipped(inner, f"{path}.{place}", short) for place, inner in enumerate(value)]
    return value


def reason_in(shown: dict[str, Any]) -> str | None:
    """The reason somebody gave, among the facts of an event as they are shown; None where there is none."""
    reason = shown.get("reason") or shown.get("ground")
    return reason if isinstance(reason, str) else None


def _shown(value: Any, opens: Opens | None) -> Any:
    if isinstance(value, BaseModel):
        return {name: _field(getattr(value, name), field, opens) for name, field in type(value).model_fields.items()}
    if isinstance(value, tuple):
        return [_shown(item, opens) for item in value]
    return to_jsonable_python(value)


def _field(value: Any, field: FieldInfo, opens: Opens | None) -> Any:
    if _is_personal(field):
        return _personal(value, opens)
    if get_origin(field.annotation) is tuple and any(map(is_personal, get_args(field.annotation))):
        return [text for each in value if (text := _personal(each, opens)) is not None]
    return _shown(value, opens)


def _personal(value: str | None, opens: Opens | None) -> str | None:
    return None if value is None or opens is None else opens(value)


def _is_personal(field: FieldInfo) -> bool:
    return any(isinstance(mark, PersonalData) for mark in field.metadata)
