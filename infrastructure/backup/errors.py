"""Why a backup is not made, or not restored.

    BackupError            code backup: the file, its passphrase, or the place it shall be restored to

Each message is one sentence that names the way out.
"""

from __future__ import annotations

from domain.messages import SpokenError


class BackupError(SpokenError):
    """A backup can't be made or restored as it was asked for; nothing was changed."""

    code: str = "backup"
