"""Why the registry can't answer for a while, although nothing is wrong with the request or the code."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Self


class Outage(StrEnum):
    """A kind of outage: a stable name for logs, and words for whoever asked. None of them names a host, file or row."""

    def __new__(cls, value: str, words: str) -> Self:
        """Bind a kind to its words, the beginning of a sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member

    words: str

    CONNECTION_LOST = "connection-lost", "The connection to the database was lost"
    CANNOT_CONNECT = "cannot-connect", "The database can't be reached"
    TOO_MANY_CONNECTIONS = "too-many-connections", "The database has no connection left"
    READ_ONLY = "read-only", "The database takes no writes: it is a standby or set to read-only"
    DISK_FULL = "disk-full", "There is no room left to store anything"
    TIMED_OUT = "timed-out", "The database took too long"
    CANCELLED = "cancelled", "The work in the database was interrupted"
    KEYS_UNUSABLE = "keys-unusable", "The keys that seal personal data can't be used"
    FILES_UNREACHABLE = "files-unreachable", "The store of evidence files can't be reached"


OutageOf = Callable[[BaseException], Outage | None]
"""Tells the outage behind an exception; None for anything else, which is a defect."""
