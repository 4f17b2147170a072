"""Arrays on the wire, packed at once: PostgreSQL's binary format of one-dimensional arrays (``array_recv``).

The driver finds out the type of a list element by element, in Python; a save has ten lists, and their types are known. An
array is sent without a type of its own, so the statement casts the parameter: ``%b::uuid[]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER: Final = Struct("!iiIii")  # dimensions, whether there are nulls, type of the elements, length, lower bound
_LENGTH: Final = Struct("!i")
_INT4: Final = Struct("!ii")
_INT8: Final = Struct("!iq")
_NULL: Final = _LENGTH.pack(-1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class WireArray:
    """An array as it is sent."""

    __slots__ = ("data",)

    def __init__(self, element_type: int, count: int, body: bytes) -> None:
        """``element_type`` is the type's number (``pg_type.oid``); ``body`` holds each element with its length before it."""
        self.data = (
            _HEADER.pack(1, 1, element_type, count, 1) if count else _HEADER.pack(0, 0, element_type, 0, 0)[:12]
        ) + body


class _WireArrayDumper(Dumper):
    format = Format.BINARY
    oid = 0

    def dump(self, obj: WireArray) -> bytes:
        return obj.data


psycopg.adapters.register_dumper(WireArray, _WireArrayDumper)  # a type of our own, so nobody else's lists change


def int4s(values: list[int]) -> WireArray:
    """``integer[]``."""
    return WireArray(23, len(values), b"".join([_INT4.pack(4, value) for value in values]))


def int8s(values: list[int]) -> WireArray:
    """``bigint[]``."""
    return WireArray(20, len(values), b"".join([_INT8.pack(8, value) for value in values]))


def uuids(values: Sequence[UUID | str]) -> WireArray:
    """``uuid[]``; a text is read as one."""
    size = _LENGTH.pack(16)
    bodies = [size + (each if isinstance(each, UUID) else UUID(each)).bytes for each in values]
    return WireArray(2950, len(values), b"".join(bodies))


def byteas(values: list[bytes]) -> WireArray:
    """``bytea[]``."""
    return WireArray(17, len(values), _sized(values))


def texts(values: list[str | None]) -> WireArray:
    """``text[]``."""
    return WireArray(25, len(values), _sized([None if value is None else value.encode() for value in values]))


def instants(values: list[datetime | None]) -> WireArray:
    """``timestamptz[]``; instants are aware."""
    body = [_NULL if each is None else _INT8.pack(8, (each - _EPOCH) // _MICROSECOND) for each in values]
    return WireArray(1184, len(values), b"".join(body))


def _sized(values: Iterable[bytes | None]) -> bytes:
    return b"".join([_NULL if each is None else _LENGTH.pack(len(each)) + each for each in values])
