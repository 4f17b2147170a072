"""Every advisory lock of the registry, so that no two things take one number.

The numbers are PostgreSQL's, of one database: a lock is held among all processes that work on it.
"""

from __future__ import annotations

import zlib
from typing import Final

APPEND: Final = 7310573000000000001
"""Held from before a position is drawn until its event is visible; the migrations' SQL names it too."""
MIGRATION: Final = 7310573000000000002
"""Held while the schema is brought up to date."""
PROJECTING: Final = 7310573000000000003
"""Held, for each projection, by every transaction that projects, and by the swap: whoever has it sees rows and position stand still."""
PROJECTION_RUNNER: Final = 7310573000000000004
"""Held, for each projection, by the session of its one active runner."""
REBUILD: Final = 7310573000000000005
"""Held by the session that rebuilds or checks."""
MAKING_READ_MODEL: Final = 7310573000000000006
"""Held while the read model's tables are made."""
REMATCHING: Final = 7310573000000000007
"""Held by the session of the one process that matches pending cases anew."""
FINISHING_RUNNER: Final = 7310573000000000008
"""Held by the session of the one process that makes erasures final every night."""
FINISHING_ERASURES: Final = 7310573000000000010
"""Held by whoever makes erasures final at the moment, by night or by command."""
MASTER_KEYS: Final = 7310573000000000009
"""Shared by whoever keeps a new holder's key, held alone while master keys are dropped; the migrations' SQL names it too."""
SEQUENCER: Final = 7310573000000000011
"""Held by the session of the one process that adds events to the transparency log."""
SEQUENCING: Final = 7310573000000000012
"""Held by each transaction that adds to the log, begins an epoch or changes its keys."""
WITNESSING: Final = 7310573000000000013
"""Held by the session of the one process that asks witnesses to confirm checkpoints."""

DEADLINES: Final = 7310573000000000014
"""Held by the session of the one process that records deadlines as missed."""
ATTESTATION_KEYS: Final = 7310573000000000031
"""Held while a key of the attestations is made, or another one is let sign."""
STATUS_LISTS: Final = 7310573000000000032
"""Held while an entry of a status list is assigned, so that one list begins where the last is full."""
AUDIT: Final = 7310573000000000021
"""Held by the session of whoever runs the audit over everything, by night or by command."""
AUDIT_RUNNER: Final = 7310573000000000022
"""Held by the session of the one process that sees to it that the audit is run."""

DRAFTS: Final = 7310573000000000041
"""Held by the session of the one process that removes old drafts."""

MAINTENANCE: Final = 7310573000000000051
"""Held by the session of the one process that does the maintenance that was asked for."""


def of_projection(lock: int, name: str) -> int:
    """The number under which one projection has a lock that each has; it ends like ``lock``, so no other kind of lock has it."""
    return lock + 100 * (1 + zlib.crc32(name.encode()))
