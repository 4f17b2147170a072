"""The server that a command asks, and the documents it asks with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from console.remote.address import asked_server

if TYPE_CHECKING:
    from console.remote.client import Server

DOCUMENTS: Final = Path(__file__).resolve().parent / "documents"


def server_for(token: str | None = None, reason: str | None = None) -> Server | None:
    """The server that this command asks, as the bearer of the token or of the one in the environment; None: the database.

    Raises ``Misused`` for an address that can't be used.
    """
    address = asked_server()
    if address is None:
        return None
    from console.remote.client import Server
    from infrastructure.settings import token_of_environment

    return Server(address, (token if token is not None else token_of_environment()) or None, reason)


@cache
def document(name: str) -> str:
    """The text of a document of this folder."""
    return (DOCUMENTS / f"{name}.graphql").read_text(encoding="utf-8")


def instants(value: Any) -> Any:
    """An answer with its instants as instants, by their names, which end in ``At``."""
    from datetime import datetime

    match value:
        case dict():
            return {
                key: datetime.fromisoformat(each) if key.endswith("At") and isinstance(each, str) else instants(each)
                for key, each in value.items()
            }
        case list():
            return [instants(each) for each in value]
        case _:
            return value
