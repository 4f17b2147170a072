"""Connection strings people wrote: refused in a sentence when PostgreSQL can't read them, and never quoted.

A password may stand anywhere in a string that was written wrongly, so no word of it, nor of what the driver says about it, is
passed on.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from domain.messages import term

from .errors import DatabaseUnavailableError
from .pools import with_times
from .sqlstates import outage_of

FORM: Final = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
_REASONS: Final = (
    ("password authentication failed", "the server doesn't take that user with that password"),
    ("no password supplied", "the server asks for a password and none is given"),
    ("no pg_hba.conf entry", "the server's pg_hba.conf lets that user in from nowhere near here"),
    ("ssl", "the server and this connection string disagree about TLS (sslmode)"),
    ("failed to resolve", "the host's name is not known"),
    ("could not translate", "the host's name is not known"),
    ("connection refused", "nobody listens there; start the server, or correct host and port"),
    ("no such file", "there is no socket; start the server, or correct the host"),
    ("timeout", "nobody answers there in time"),
    ("timed out", "nobody answers there in time"),
    ("role", "the server has no such user, or one that may not log in"),
    ("database", "the server has no such database, or not for that user"),
    ("too many", "the server has no connection left"),
    ("remaining connection slots", "the server has no connection left"),
)


def checked(url: str, name: str) -> str:
    """A connection string that PostgreSQL can read, with its times. Raises ``DatabaseUnavailableError`` naming the setting."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme not in {"postgresql", "postgres"}:
        raise DatabaseUnavailableError(f"{name} begins with another scheme than postgresql://; write {FORM}.")
    if separator and ("@" in rest.partition("/")[2].partition("?")[0] or rest.partition("/")[0].count("@") > 1):
        raise DatabaseUnavailableError(
            f"{name} holds a character that separates its parts, in a name or password; write {FORM}, with such characters "
            "percent-encoded (@ as %40, / as %2F, : as %3A)."
        )
    try:
        found = conninfo_to_dict(url)
        int(str(found.get("port") or 5432).split(",")[0])
    except (psycopg.Error, ValueError, UnicodeError):
        found = {}
    if not found or "\0" in url:
        raise DatabaseUnavailableError(f"{name} is no connection string that PostgreSQL reads; write {FORM}.")
    return with_times(url)


def why_not(error: BaseException) -> str:
    """Why a connection came to nothing, in words that hold nothing of the connection string."""
    said = str(error).lower()
    for words, reason in _REASONS:
        if words in said and not ("starting up" in said or "shutting down" in said or "recovery" in said):
            return reason
    outage = outage_of(error)
    if "starting up" in said or "shutting down" in said or "recovery" in said:
        return "the server starts or stops at the moment; try again when it is up"
    if outage is None:
        return "the server refused"
    words = str(term(outage))
    return words[0].lower() + words[1:]
