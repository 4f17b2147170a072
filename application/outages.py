"""Why the registry can't answer for a while, although nothing is wrong with the request or the code."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Outage(StrEnum):
    """A kind of outage, by a stable name for logs; its term in the catalogue of messages begins a sentence.

    None of them names a host, file or row.
    """

    CONNECTION_LOST = "connection-lost"
    CANNOT_CONNECT = "cannot-connect"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    READ_ONLY = "read-only"
    DISK_FULL = "disk-full"
    TIMED_OUT = "timed-out"
    CANCELLED = "cancelled"
    KEYS_UNUSABLE = "keys-unusable"
    REWOUND = "rewound"
    FILES_UNREACHABLE = "files-unreachable"


OutageOf = Callable[[BaseException], Outage | None]
"""Tells the outage behind an exception; None for anything else, which is a defect."""
