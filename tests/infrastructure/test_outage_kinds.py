"""Which errors are outages, by what the server, the driver, the pool and the disk say; everything else is a defect."""

from __future__ import annotations

import errno

import psycopg
import pytest
from eventsourcing import persistence
from psycopg_pool import PoolClosed, PoolTimeout

from application.outages import Outage
from infrastructure.postgres.connection_strings import checked, why_not
from infrastructure.postgres.errors import DatabaseUnavailableError
from infrastructure.postgres.free_space import FreeSpace, NoRoomError
from infrastructure.postgres.sqlstates import outage_of
from infrastructure.sealing.errors import MasterKeyError
from registry_api.outages import Outages
from transport.errors import ErrorCode

KINDS = [
    (psycopg.errors.DiskFull(), Outage.DISK_FULL),
    (OSError(errno.ENOSPC, "No space left on device"), Outage.DISK_FULL),
    (OSError(errno.EDQUOT, "Disk quota exceeded"), Outage.DISK_FULL),
    (NoRoomError("none"), Outage.DISK_FULL),
    (psycopg.errors.AdminShutdown(), Outage.CONNECTION_LOST),
    (psycopg.errors.CrashShutdown(), Outage.CONNECTION_LOST),
    (psycopg.OperationalError("server closed the connection unexpectedly"), Outage.CONNECTION_LOST),
    (psycopg.InterfaceError("the connection is closed"), Outage.CONNECTION_LOST),
    (psycopg.errors.CannotConnectNow(), Outage.CANNOT_CONNECT),
    (psycopg.OperationalError("connection failed: Connection refused"), Outage.CANNOT_CONNECT),
    (PoolTimeout(), Outage.CANNOT_CONNECT),
    (PoolClosed(), Outage.CANNOT_CONNECT),
    (psycopg.errors.TooManyConnections(), Outage.TOO_MANY_CONNECTIONS),
    (psycopg.errors.ReadOnlySqlTransaction(), Outage.READ_ONLY),
    (psycopg.errors.QueryCanceled(), Outage.TIMED_OUT),
    (psycopg.errors.DeadlockDetected(), Outage.CANCELLED),
    (MasterKeyError("gone"), Outage.KEYS_UNUSABLE),
    (persistence.OperationalError("given up"), Outage.CONNECTION_LOST),
    (psycopg.errors.UniqueViolation(), None),
    (psycopg.errors.SyntaxError(), None),
    (psycopg.errors.InsufficientPrivilege(), None),
    (psycopg.InterfaceError("cursor has no result"), None),
    (persistence.IntegrityError("taken"), None),
    (FileNotFoundError(errno.ENOENT, "gone"), None),
    (ValueError("a defect"), None),
]


@pytest.mark.parametrize(("error", "outage"), KINDS, ids=lambda each: type(each).__name__)
def test_an_error_is_an_outage_or_a_defect(error: Exception, outage: Outage | None) -> None:
    """By itself, and behind the errors of the library that were raised from it."""
    assert outage_of(error) is outage
    outer = persistence.OperationalError("wrapped")
    outer.__cause__ = error
    assert outage_of(outer) is outage


def test_a_full_disk_and_an_absent_database_have_codes_of_their_own() -> None:
    """STORAGE_FULL, and UNAVAILABLE for all that passes by itself; a defect is not explained."""
    explain = Outages(outage_of)
    full, away = explain(psycopg.errors.DiskFull()), explain(PoolTimeout())
    assert full is not None
    assert away is not None
    assert (full.code, full.status) == (ErrorCode.STORAGE_FULL, 507)
    assert (away.code, away.status) == (ErrorCode.UNAVAILABLE, 503)
    assert explain(ValueError()) is None


def test_an_outage_is_logged_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """However many requests meet it: once, and again when it still lasts half a minute later."""
    now = [0.0]
    explain = Outages(outage_of, clock=lambda: now[0])
    for _ in range(1000):
        explain(PoolTimeout())
    assert len(caplog.messages) == 1
    now[0] = 31.0
    explain(PoolTimeout())
    assert len(caplog.messages) == 2


def test_room_is_asked_of_the_disk(tmp_path, caplog: pytest.LogCaptureFixture) -> None:
    """Refused below the least, taken above, and each change said once in the log."""
    space = FreeSpace(tmp_path, 1 << 62)
    for _ in range(3):
        with pytest.raises(NoRoomError):
            space.require()
    space.least = 0
    space.require()
    space.require()
    assert len(caplog.messages) == 2


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:pass-word@h/d",
        "mysql://u:pass-word@h/d",
        "postgresql://u:pass-word@1@h/d",
        "postgresql://u:pass/word@h/d",
        "host=127.0.0.1 port=x",
        "nonsense",
        "",
        "postgresql://h/d?nothing=1",
        "postgresql://h/\0",
    ],
)
def test_a_malformed_connection_string_is_refused_by_its_setting_and_not_quoted(url: str) -> None:
    """The sentence names the setting and the form; of the string, in which a password may stand anywhere, it holds nothing."""
    with pytest.raises(DatabaseUnavailableError, match=r"^SOME_SETTING .*postgresql://USER") as refused:
        checked(url, "SOME_SETTING")
    assert "pass" not in str(refused.value).replace("PASSWORD", "").replace("password", "")
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "url", ["postgresql://u@h:5433/d", "host=/tmp user=u dbname=d", "postgres://h/d?sslmode=require"]
)
def test_a_connection_string_gives_up_on_a_silent_peer(url: str) -> None:
    """Times are added to whatever form of string; what it says itself stays."""
    assert "connect_timeout=5" in checked(url, "X")
    assert "connect_timeout=77" in checked("host=h connect_timeout=77", "X")


def test_why_a_database_does_not_answer_is_said_without_its_address() -> None:
    """What the driver says is put into words of our own."""
    try:
        psycopg.connect("postgresql://user:pass-word@127.0.0.1:1/secret", connect_timeout=2)
    except psycopg.OperationalError as error:
        said = str(why_not(error))
    assert said == "nobody listens there; start the server, or correct host and port"
