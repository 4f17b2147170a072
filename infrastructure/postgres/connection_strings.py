"""Connection strings people wrote: refused in a sentence when PostgreSQL can't read them, and never quoted.

A password may stand anywhere in a string that was written wrongly, so no word of it, nor of what the driver says about it, is
passed on.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from domain.messages import Message, tell, term

from .errors import DatabaseUnavailableError
from .pools import with_times
from .sqlstates import outage_of

FORM: Final = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
_REASONS: Final = (
    ("password authentication failed", tell("trouble.no_user_or_password")),
    ("no password supplied", tell("trouble.password_missing")),
    ("no pg_hba.conf entry", tell("trouble.not_let_in")),
    ("ssl", tell("trouble.tls_differs")),
    ("failed to resolve", tell("trouble.host_unknown")),
    ("could not translate", tell("trouble.host_unknown")),
    ("connection refused", tell("trouble.nobody_listens")),
    ("no such file", tell("trouble.no_socket")),
    ("timeout", tell("trouble.no_answer_in_time")),
    ("timed out", tell("trouble.no_answer_in_time")),
    ("role", tell("trouble.no_such_user")),
    ("database", tell("trouble.no_such_database")),
    ("too many", tell("trouble.no_connection_left")),
    ("remaining connection slots", tell("trouble.no_connection_left")),
)


def checked(url: str, name: str) -> str:
    """A connection string that PostgreSQL can read, with its times. Raises ``DatabaseUnavailableError`` naming the setting."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme not in {"postgresql", "postgres"}:
        raise DatabaseUnavailableError(tell("trouble.begins_another_scheme_than_postgresql", name=name, form=FORM))
    if separator and ("@" in rest.partition("/")[2].partition("?")[0] or rest.partition("/")[0].count("@") > 1):
        raise DatabaseUnavailableError(tell("trouble.holds_character_separates_parts_name_or", name=name, form=FORM))
    try:
        found = conninfo_to_dict(url)
        int(str(found.get("port") or 5432).split(",")[0])
    except (psycopg.Error, ValueError, UnicodeError):
        found = {}
    if not found or "\0" in url:
        raise DatabaseUnavailableError(tell("trouble.no_connection_string_postgresql_reads", name=name, form=FORM))
    return with_times(url)


def why_not(error: BaseException) -> Message:
    """Why a connection came to nothing, in words that hold nothing of the connection string."""
    said = str(error).lower()
    for words, reason in _REASONS:
        if words in said and not ("starting up" in said or "shutting down" in said or "recovery" in said):
            return reason
    outage = outage_of(error)
    if "starting up" in said or "shutting down" in said or "recovery" in said:
        return tell("trouble.server_starts_or_stops_moment")
    if outage is None:
        return tell("trouble.server_refused")
    return term(outage)
