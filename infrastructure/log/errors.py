"""Why the transparency log signs nothing, or an act of an operator on it is not done.

    StandsStill                infrastructure.processes
    └── LogRefusal             code
        ├── LogShrunkError     log-shrunk         the database has less than was signed
        ├── LogForkedError     log-forked         the database has something else than was signed
        ├── LogKeyError        log-key            the key that signs is not there, or another one is
        ├── LogAbsentError     log-absent         there is no log where one is asked for
        ├── LogHaltedError     log-halted         a witness knows more of the log than the database
        └── LogActError        log-act            an act of an operator that would mend nothing

Each message is one sentence or two that name the way out.
"""

from __future__ import annotations

from typing import ClassVar, Final

from domain.messages import tell
from infrastructure.processes import StandsStill

WAY_OUT: Final = tell("trouble.way_out")


class LogRefusal(StandsStill):
    """The transparency log does not go on; nothing that it signed is touched."""

    code: ClassVar[str] = "log-refusal"


class LogShrunkError(LogRefusal):
    """The database holds fewer events than the last checkpoint that was signed: it was restored to an earlier state."""

    code = "log-shrunk"


class LogForkedError(LogRefusal):
    """The database holds another history than the one that was signed."""

    code = "log-forked"


class LogKeyError(LogRefusal):
    """The keys of the log are not those that the database names, or others may read them."""

    code = "log-key"


class LogAbsentError(LogRefusal):
    """There is no transparency log yet."""

    code = "log-absent"


class LogHaltedError(LogRefusal):
    """A witness or a server knows more of the log than the database holds."""

    code = "log-halted"


class LogActError(LogRefusal):
    """An operator's act on the log that is not done as it was asked for."""

    code = "log-act"
