"""What can go wrong between the registry and its database, outside of a single statement.

    DatabaseUnavailableError
    ├── EmbeddedServerError    the embedded PostgreSQL can't be made, started or stopped
    ├── MigrationError         the schema and this release don't fit together
    ├── PrivilegeError         a role may do too much or too little
    ├── ServerUnfitError       the server takes no writes, keeps no sessions, or acknowledges what may be lost
    ├── HistoryRewoundError    the database lacks what was recorded, and an operator has to decide
    └── RegistryAbsentError    there is no registry where one is asked for

Each says one message that names the way out; each class has a stable `code`.
"""

from typing import ClassVar

from domain.messages import Message, SpokenError, tell


class DatabaseUnavailableError(SpokenError):
    """The registry can't work with its database as it stands."""

    code: ClassVar[str] = "database-unavailable"


class EmbeddedServerError(DatabaseUnavailableError):
    """The embedded PostgreSQL can't be made, started or stopped."""

    code: ClassVar[str] = "embedded-server"


class MigrationError(DatabaseUnavailableError):
    """The database's schema and this release don't fit together."""

    code: ClassVar[str] = "migration"


class PrivilegeError(DatabaseUnavailableError):
    """A database role may do too much or too little for what it is meant for."""

    code: ClassVar[str] = "privilege"


class ServerUnfitError(DatabaseUnavailableError):
    """The server takes no writes, keeps no sessions, or acknowledges what a take-over would lose."""

    code: ClassVar[str] = "server-unfit"


class HistoryRewoundError(DatabaseUnavailableError):
    """The database lacks events that were recorded; nothing is recorded until an operator has decided."""

    code: ClassVar[str] = "history-rewound"


class RegistryAbsentError(DatabaseUnavailableError):
    """There is no registry where one is asked for; a command that reads makes none."""

    code: ClassVar[str] = "registry-absent"

    def __init__(self, where: Message) -> None:
        """``where`` is the place that was looked at, told without a password."""
        super().__init__(tell("trouble.no_registry", where=where))
