"""The contract's scalars: positions, days and instants, each refusing what could be read two ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, NewType

from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from domain.messages import Message, tell
from graphql import GraphQLID
from transport.errors import BAD_USER_INPUT, PlacedError

Position = NewType("Position", int)
"""A place in the registry's one total order of events."""
Identifier = NewType("Identifier", str)
"""An opaque node identifier, as the contract's ID."""

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")
_DIGITS: Final = re.compile(r"\d{1,18}")


def _refusing(
    parse: Callable[[str], object], shape: re.Pattern[str], said: Callable[[], Message]
) -> Callable[[Any], object]:
    def parse_value(value: Any) -> object:
        if isinstance(value, str) and shape.fullmatch(value):
            try:
                return parse(value)
            except (ValueError, OverflowError):
                pass
        raise PlacedError(BAD_USER_INPUT, said())

    return parse_value


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


POSITION: Final = ScalarDefinition(
    name="Position",
    description="A place in the registry's one total order of events: a decimal string, strictly increasing, never reused.",
    specified_by_url="https://www.w3.org/TR/xmlschema11-2/#nonNegativeInteger",
    serialize=str,
    parse_value=_refusing(int, _DIGITS, lambda: tell("scalar.position")),
    parse_literal=None,
    origin=int,
)
DATE: Final = ScalarDefinition(
    name="Date",
    description="A calendar day in Asia/Shanghai, ISO 8601.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    serialize=date.isoformat,
    parse_value=_refusing(date.fromisoformat, _DAY, lambda: tell("scalar.day")),
    parse_literal=None,
    origin=date,
)
DATE_TIME: Final = ScalarDefinition(
    name="DateTime",
    description="An instant, RFC 3339, always with offset. Naive values are refused.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    serialize=_written,
    parse_value=_refusing(_instant, _INSTANT, lambda: tell("scalar.instant")),
    parse_literal=None,
    origin=datetime,
)
IDENTIFIER: Final = ScalarDefinition(
    name="ID",
    description=GraphQLID.description,
    specified_by_url=None,
    serialize=GraphQLID.serialize,
    parse_value=GraphQLID.parse_value,
    parse_literal=None,
    implementation=GraphQLID,
)

SCALARS: Final[dict[object, ScalarDefinition]] = {
    Position: POSITION,
    date: DATE,
    datetime: DATE_TIME,
}

__all__ = ["JSON", "SCALARS", "Position"]
