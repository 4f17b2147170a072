"""Which server a command asks, as ``--server`` and its settings say, and which addresses a token is sent to."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from console.misuse import Misused
from domain.messages import tell

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PATH: Final = "/graphql"
_told: ContextVar[str | None] = ContextVar("server that the command was told", default=None)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API of a registry stands."""

    url: str

    @property
    def shown(self) -> str:
        """The address as messages name it."""
        return self.url

    @property
    def is_secure(self) -> bool:
        """Whether nobody between reads a token on its way."""
        return self.url.startswith("https:")


def tell_server(server: str | None) -> None:
    """Let this command ask this server; None: the one that the settings name, if they do."""
    _told.set(server)


def names_server() -> bool:
    """Whether the call itself, or a variable of the environment, names a server."""
    return _told.get() is not None


def asked_server() -> Address | None:
    """The server that this command asks; None where it is about the operator's own database.

    Raises ``Misused`` for an address that no token is sent to, and as ``Settings`` does where a setting can't be used.
    """
    from infrastructure.settings import Settings

    settings = Settings()
    named = _told.get()
    told = settings.server or None if named is None else named
    return None if told is None else address_of(told, plain_http=settings.server_plain_http)


def address_of(text: str, *, plain_http: bool = False) -> Address:
    """The address of the API behind what was typed: ``https://registry.example`` alone means its ``/graphql``.

    HTTP in the clear goes to this machine, elsewhere only with ``plain_http``. Raises ``Misused``.
    """
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise Misused(tell("said.server.no_address"))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Misused(tell("said.server.more_than_address"))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not plain_http:
        raise Misused(tell("said.server.plain_http"))
    path = PATH if parts.path in {"", "/"} else parts.path
    return Address(f"{parts.scheme}://{parts.netloc}{path}")
