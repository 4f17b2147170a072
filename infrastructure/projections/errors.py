"""What can go wrong with a projection.

Exception
├── ProjectionFailure                   an event could not be projected
└── DatabaseUnavailableError            (infrastructure.postgres.errors)
    └── ProjectionError                 the read model cannot be used or rebuilt as it is
        ├── ReadModelAbsentError        it has no tables yet
        ├── RebuildDueError             its tables have another release's shape
        └── RebuildRunningError         another process rebuilds or checks it
"""

from typing import ClassVar

from domain.messages import SpokenError, tell
from infrastructure.postgres.errors import DatabaseUnavailableError


class ProjectionFailure(SpokenError):
    """An event could not be projected; ``index`` counts the events of its batch before it. Names nothing personal."""

    def __init__(self, position: int, topic: str, index: int, cause: Exception) -> None:
        super().__init__(tell("trouble.position", cause=describe(cause), position=position, topic=topic))
        self.position = position
        self.topic = topic
        self.index = index


class ProjectionError(DatabaseUnavailableError):
    """The read model cannot be used or rebuilt as it is."""

    code: ClassVar[str] = "projection"


class ReadModelAbsentError(ProjectionError):
    """The read model has no tables yet, as before the first start of a server."""

    code: ClassVar[str] = "read-model-absent"

    def __init__(self) -> None:
        super().__init__(tell("trouble.read_model_not_made_yet"))


class RebuildDueError(ProjectionError):
    """The read model's tables have another release's shape."""

    code: ClassVar[str] = "rebuild-due"

    def __init__(self) -> None:
        super().__init__(tell("trouble.read_model_shape_another_release"))


class RebuildRunningError(ProjectionError):
    """Another process rebuilds or checks the read model."""

    code: ClassVar[str] = "rebuild-running"

    def __init__(self) -> None:
        super().__init__(tell("trouble.another_process_rebuilds_or_checks_read"))


def describe(error: Exception) -> str:
    """An error without its message, which may quote a row: its class, and its code or SQLSTATE where it has one."""
    code = getattr(error, "code", None) or getattr(error, "sqlstate", None)
    return f"{type(error).__name__} ({code})" if isinstance(code, str) else type(error).__name__
