"""Whether a server that is given can be relied on: it takes writes, keeps a session's state, and loses nothing when another takes over.

What a server cannot do is found out when the registry is opened, and said in one sentence, instead of in a thousand saves that fail.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from domain.messages import tell

from .errors import ServerUnfitError
from .pools import with_times

_STATE: Final = (
    "SELECT pg_is_in_recovery(), current_setting('synchronous_standby_names'), current_setting('synchronous_commit'),"
    " (SELECT count(*) FROM pg_stat_replication WHERE application_name NOT IN ('pg_basebackup', 'pg_receivewal'))"
)
_KEPT: Final = frozenset({"on", "remote_apply"})
"""Values of ``synchronous_commit`` with which a commit waits until a standby has it on disk (PostgreSQL, section 27.2.8)."""
_TRIES: Final = 5


def check_given(url: str, name: str, *, synchronous: bool | None = None) -> None:
    """Make sure that a given server is fit, by the connection string that the setting `name` has.

    ``synchronous``: whether what is acknowledged must lie on a second server too. None: where the connection string names several
    hosts or standbys follow the server, since a take-over would otherwise lose what was acknowledged and give positions out twice.

    Raises ``ServerUnfitError`` with the way out.
    """
    try:
        reached = psycopg.connect(with_times(url), autocommit=True, prepare_threshold=None)
    except psycopg.OperationalError:
        return  # whoever works with it says that it does not answer, and why
    with reached as connection:
        row = connection.execute(_STATE).fetchone()
        standby, names, commit, following = row or (False, "", "on", 0)
        if standby:
            raise ServerUnfitError(tell("trouble.server_names_standby_takes_no_writes", name=name))
        if _shares_sessions(connection, url):
            raise ServerUnfitError(tell("trouble.leads_through_pooler_gives_each_transaction", name=name))
    if synchronous is None:
        synchronous = bool(following) or len(_hosts(url)) > 1
    if synchronous and not (names.strip() and commit in _KEPT):
        raise ServerUnfitError(tell("trouble.server_acknowledges_what_only_take_over"))


def _shares_sessions(connection: psycopg.Connection[Any], url: str) -> bool:
    """Whether a session of the server serves two connections in turn: one that is idle, and another amid a transaction."""
    mine = _session(connection)
    if mine == connection.info.backend_pid:  # what the server itself told this connection: there is nobody between
        return False
    with psycopg.connect(with_times(url), prepare_threshold=None) as other:
        for _ in range(_TRIES):
            theirs = _session(other)
            if theirs == mine or _session(connection) != mine:
                return True
            other.rollback()  # a pooler hands out the session first that was given back last
            if _session(connection) != mine:
                return True
    return False


def _session(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


def _hosts(url: str) -> list[str]:
    parts = conninfo_to_dict(url)
    named = str(parts.get("host") or parts.get("hostaddr") or "")
    return [each for each in named.split(",") if each]
