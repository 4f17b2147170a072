"""What of an event is shown, and to whom in clear: facts without their envelope, persons masked unless the viewer may read
them, and one sentence that says what happened without naming anybody.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from domain.base import Event
from domain.values import PersonalData

_ENVELOPE: Final = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp", "by"})


def facts(event: Event, *, in_clear: bool) -> dict[str, Any]:
    """An event's own facts as JSON values; personal data reads as None unless ``in_clear``."""
    shown = _shown(event, in_clear)
    return {name: value for name, value in shown.items() if name not in _ENVELOPE}


def holds_personal_data(event: Event) -> bool:
    """Whether an event still tells something about a person: not one of a class without such fields, nor after erasure."""
    return _holds(event)


def reason_of(event: Event, *, in_clear: bool) -> str | None:
    """The reason somebody gave, where the event has one and the viewer may read it."""
    shown = facts(event, in_clear=in_clear)
    reason = shown.get("reason") or shown.get("ground")
    return reason if isinstance(reason, str) else None


def _shown(value: Any, in_clear: bool) -> Any:
    if isinstance(value, BaseModel):
        return {
            name: None if not in_clear and _is_personal(field) else _shown(getattr(value, name), in_clear)
            for name, field in type(value).model_fields.items()
        }
    if isinstance(value, tuple):
        return [_shown(item, in_clear) for item in value]
    return to_jsonable_python(value)


def _holds(value: Any) -> bool:
    if isinstance(value, BaseModel):
        return any(
            getattr(value, name) is not None if _is_personal(field) else _holds(getattr(value, name))
            for name, field in type(value).model_fields.items()
        )
    return isinstance(value, tuple) and any(_holds(item) for item in value)


def _is_personal(field: FieldInfo) -> bool:
    return any(isinstance(mark, PersonalData) for mark in field.metadata)
