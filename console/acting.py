"""Who acts or reads on the command line: the bearer of a token, or the account of the operating system under which it runs.

Nobody types whom they are. A token is believed as the API believes it. Without one it is the account: a subject of its own, which no
token bears, with rights of its own (``application.access.ACCOUNT``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from domain.values import Actor, Provenance

Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="RECOGNITION_TOKEN",
        metavar="TOKEN",
        help="help.option.token",
    ),
]


def account() -> str:
    """The subject of the account under which the command runs: ``os:<uid>/<name>@<host>``."""
    import os
    import pwd
    import socket

    from domain.values import account_subject

    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # an account that no directory knows, as in a container
        name = str(uid)
    return account_subject(uid, name, socket.gethostname())


def acting(token: str | None) -> Actor:
    """Whoever acts or reads. Raises ``NotAuthenticated`` for a token that is not believed, an empty one too."""
    from domain.values import Actor, Role
    from infrastructure.identity_provider import judge_of_tokens
    from infrastructure.settings import Settings, token_of_environment

    if token is None and (token := token_of_environment()) is None:  # an option takes an empty variable for none
        return Actor(subject=account(), role=Role.ADMINISTRATOR)
    return judge_of_tokens(Settings())(token).actor


def provenance(token: str | None) -> Provenance:
    """Under which provenance an act of this command is recorded. Raises as ``acting`` does."""
    from domain.values import Provenance

    return Provenance(actor=acting(token), client="command line")
