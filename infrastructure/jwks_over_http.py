"""Fetching a key set over HTTP within one time, however slowly the server answers."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import IO, Any, Final
from urllib.parse import urlsplit

from domain.messages import Message, SpokenError, tell
from infrastructure.jwks import LIMIT, JwksMalformedError, JwksUnavailableError

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_TOO_BUSY: Final = 500


def url_source(url: str, *, timeout: float = 5.0) -> Callable[[], bytes]:
    """Fetches a JWKS document over HTTPS, or over HTTP from this machine; follows no redirect, reads at most ``LIMIT`` bytes.

    ``timeout`` is in seconds: connecting has it, and the whole answer from the request to the last byte has what is left of it.
    Raises ``AddressError`` for any other URL.
    """
    try:
        parts = urlsplit(url)
        plausible = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        plausible = False
    if not plausible or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressError(tell("trouble.no_https"))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise AddressError(tell("trouble.plain_http"))
    headers = {"Accept": "application/jwk-set+json, application/json"}

    def fetch() -> bytes:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was looked at above
        until = time.monotonic() + timeout
        opener = urllib.request.build_opener(_Plain(until), _Secure(until), _NoRedirects())
        try:
            with opener.open(request, timeout=timeout) as answer:
                return bytes(answer.read(LIMIT + 1))
        except urllib.error.HTTPError as error:
            error.close()
            raise _answered(error.code) from None
        except (OSError, http.client.HTTPException) as error:
            raise JwksUnavailableError(_why(error, timeout)) from None

    return fetch


class AddressError(SpokenError, ValueError):
    """An address from which no key set is fetched."""


def _answered(status: int) -> JwksUnavailableError:
    if status >= _TOO_BUSY or status in {408, 429}:
        return JwksUnavailableError(tell("trouble.server_answers_2", status=status))
    if status in range(300, 400):
        return JwksMalformedError(tell("trouble.server_answers", status=status))
    return JwksMalformedError(tell("trouble.server_answers_2", status=status))


def _why(error: OSError | http.client.HTTPException, timeout: float) -> Message:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    match cause:
        case TimeoutError():
            return tell("trouble.server_did_not_answer_within_s", timeout=f"{timeout:g}")
        case ssl.SSLCertVerificationError():
            return tell("trouble.servers_certificate_not_trusted")
        case socket.gaierror():
            return tell("trouble.servers_name_not_known")
        case ConnectionRefusedError():
            return tell("trouble.nobody_answers")
        case _:
            return tell("trouble.answer_broke_off", name=type(cause).__name__)


class _WithinTime(io.RawIOBase):
    """What a socket receives, until a moment of ``time.monotonic``: a socket's own timeout begins anew with every byte."""

    def __init__(self, connection: socket.socket, received: io.RawIOBase, until: float) -> None:
        super().__init__()
        self._connection, self._received, self._until = connection, received, until

    def readable(self) -> bool:
        """It is read and nothing else."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived. Raises ``TimeoutError`` once the time has passed."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._received.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._received.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer that is read within a time."""

    def __init__(self, sock: socket.socket, *arguments: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.fp = io.BufferedReader(_WithinTime(sock, self.fp.detach(), until))  # nothing was read of it yet


def _connecting(kind: type[http.client.HTTPConnection], until: float) -> Any:
    """What the library makes a connection with, for an answer within a time."""

    def connect(*arguments: Any, **named: Any) -> http.client.HTTPConnection:
        connection = kind(*arguments, **named)
        connection.response_class = partial(_Answer, until=until)  # type: ignore[assignment]  # it is only ever called
        return connection

    return connect


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_connecting(http.client.HTTPConnection, self._until), req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        context = ssl.create_default_context()
        return self.do_open(_connecting(http.client.HTTPSConnection, self._until), req, context=context)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:  # noqa: ARG002 - the library's shape
        return None
