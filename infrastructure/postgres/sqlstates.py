"""Which outage an error of the database, of the library over it, of a disk or of the keys stands for: told apart here alone.

By SQLSTATE where the server gave one (PostgreSQL, appendix A), otherwise by the driver's class: an error without one means
that no server answered, or that it went away.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Final

import psycopg
from eventsourcing import persistence
from obstore import exceptions as files
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from application.outages import Outage
from infrastructure.attestation.errors import AttestationKeyError
from infrastructure.postgres.errors import HistoryRewoundError
from infrastructure.sealing.errors import MasterKeyError

_BY_STATE: Final = {
    "25006": Outage.READ_ONLY,  # read_only_sql_transaction
    "53100": Outage.DISK_FULL,
    "53200": Outage.TOO_MANY_CONNECTIONS,  # out_of_memory
    "53300": Outage.TOO_MANY_CONNECTIONS,
    "53400": Outage.TOO_MANY_CONNECTIONS,
    "55P03": Outage.TIMED_OUT,  # lock_not_available
    "57014": Outage.TIMED_OUT,  # query_canceled: statement_timeout, or somebody cancelled it
    "57P01": Outage.CONNECTION_LOST,  # admin_shutdown
    "57P02": Outage.CONNECTION_LOST,  # crash_shutdown
    "57P03": Outage.CANNOT_CONNECT,  # cannot_connect_now: it starts, stops or recovers
    "57P04": Outage.CANNOT_CONNECT,  # database_dropped
    "57P05": Outage.CONNECTION_LOST,  # idle_session_timeout
    "25P03": Outage.CONNECTION_LOST,  # idle_in_transaction_session_timeout
    "40001": Outage.CANCELLED,  # serialization_failure
    "40P01": Outage.CANCELLED,  # deadlock_detected
    "40003": Outage.CONNECTION_LOST,  # statement_completion_unknown
    "58030": Outage.DISK_FULL,  # io_error
    "28000": Outage.CANNOT_CONNECT,
    "28P01": Outage.CANNOT_CONNECT,
    "3D000": Outage.CANNOT_CONNECT,
}
_BY_CLASS: Final = {"08": Outage.CONNECTION_LOST, "53": Outage.TOO_MANY_CONNECTIONS, "57": Outage.CANCELLED}
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def outage_of(error: BaseException) -> Outage | None:
    """The outage behind an exception, also where another was raised from it or on the way out of it."""
    return next((found for link in _chain(error) if (found := _outage(link)) is not None), None)


def connection_was_lost(error: BaseException) -> bool:
    """Whether asking again over a new connection may help at once; what the lost one did is not known."""
    return outage_of(error) is Outage.CONNECTION_LOST


def _outage(error: BaseException) -> Outage | None:
    match error:
        case PoolTimeout() | PoolClosed() | TooManyRequests():
            return Outage.CANNOT_CONNECT
        case psycopg.Error(sqlstate=str(state)):
            return _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
        case psycopg.errors.ConnectionTimeout():
            return Outage.CANNOT_CONNECT
        case psycopg.OperationalError():
            return Outage.CANNOT_CONNECT if _never_connected(str(error)) else Outage.CONNECTION_LOST
        case psycopg.InterfaceError():
            return Outage.CONNECTION_LOST if "closed" in str(error) else None
        case persistence.OperationalError() if error.__cause__ is None:
            return Outage.CONNECTION_LOST  # a save whose group was given up
        case MasterKeyError() | AttestationKeyError() | HistoryRewoundError():
            return Outage.REWOUND if isinstance(error, HistoryRewoundError) else Outage.KEYS_UNUSABLE
        case OSError() if error.errno in _NO_ROOM:
            return Outage.DISK_FULL
        case files.BaseError():
            return Outage.DISK_FULL if "No space left" in str(error) else _unreachable(error)
        case _:
            return None


def _never_connected(message: str) -> bool:
    return "connection failed" in message or "failed to resolve" in message


def _unreachable(error: files.BaseError) -> Outage | None:
    return Outage.FILES_UNREACHABLE if isinstance(error, _FILES_FAIL) else None


_FILES_FAIL: Final = (files.GenericError, files.PermissionDeniedError, files.UnauthenticatedError)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
