"""``recognition serve``, ``demo`` and ``token``."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from console.demo import Demo
from console.demo_catalog import CatalogStory
from console.serving import StoppableServer, build_app, served, server_config
from console.talk import err, explaining, fail, out
from domain.values import Role, shanghai_day
from infrastructure.composition import open_registry, utc_now
from infrastructure.identity import DevelopmentIssuer
from infrastructure.settings import Settings

LOOPBACK = "127.0.0.1"


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; loopback only, unless tokens come from a provider.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8000,
) -> None:
    """Serve the registry: database, official catalog, read models and API, until interrupted."""
    settings = Settings()
    if not settings.identity_provider and not _is_loopback(host):
        fail(
            "Without an identity provider the server listens on loopback only; set RECOGNITION_JWKS, or leave --host out."
        )
    with explaining(), open_registry(settings) as registry, _listening(host, port) as listener:
        _greet(settings, listener.getsockname()[:2])
        stopping = threading.Event()
        config = server_config(build_app(registry, stopping))
        threading.Thread(target=registry.shelf.warm, args=[shanghai_day(utc_now())], daemon=True).start()
        # uvicorn ends by raising the signal again that it was told to stop by: here that unwinds, so that all is closed.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: sys.exit(0))
        StoppableServer(config, stopping).run(sockets=[listener])


def token(
    role: Annotated[Role, typer.Option(help="What the bearer is.", case_sensitive=False)],
    authority: Annotated[str | None, typer.Option(help="The authority a reviewer acts for, as 330106-EI.")] = None,
    subject: Annotated[str | None, typer.Option(help="Who the bearer is; somebody new by default.")] = None,
    holder: Annotated[UUID | None, typer.Option(help="The bearer's own holder reference, if known.")] = None,
) -> None:
    """Print a short-lived development token on standard output; servers without an identity provider accept it."""
    settings = Settings()
    if settings.identity_provider:
        fail("Tokens come from the identity provider in RECOGNITION_JWKS; ask it for one.")
    with explaining():
        issued = DevelopmentIssuer(settings.data_dir).issue(role, subject=subject, authority=authority, holder=holder)
    print(issued)


def demo() -> None:
    """Walk four stories over HTTP, on a registry of their own: a case approved, one refused, one revoked; the catalog amended."""
    with explaining(), _temporary_folder() as folder, _listening(LOOPBACK, 0) as listener:
        settings = Settings(data_dir=folder, database_url=None, database_owner_url=None)
        err.print("Opening a registry for the demonstration …", style="dim")
        with open_registry(settings) as registry, served(build_app(registry), listener):
            issuer = DevelopmentIssuer(folder)
            url = f"http://{LOOPBACK}:{listener.getsockname()[1]}/graphql"
            stories = Demo(url, issuer.issue, secrets.token_hex(3))
            stories.approved()
            stories.refused()
            stories.revoked()
            CatalogStory(stories, issuer.issue, shanghai_day(registry.clock())).amended()
    out.print("\n[bold]Four stories, every event of them kept.[/] Start your own registry with [bold]make serve[/].")


def _greet(settings: Settings, address: tuple[str, int]) -> None:
    host, port = address
    base = f"http://{'[' + host + ']' if ':' in host else host}:{port}"
    out.print("[bold]The recognition registry is running.[/]")
    out.print(f"  Explorer and API   {base}/graphql")
    out.print(f"  Health             {base}/healthz  {base}/readyz")
    out.print(
        f"  Database           {'given' if settings.database_url else f'embedded, in {settings.data_dir.resolve()}'}"
    )
    if not settings.identity_provider:
        out.print(
            "[bold yellow]  No identity provider is set:[/] this server accepts development tokens that anybody on this"
            " machine can issue:\n    recognition token --role REVIEWER --authority 330106-EI\n"
            "  Never run it like this with real data."
        )


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)  # from here on clients wait their turn instead of being turned away while the app starts
    except OSError as error:
        listener.close()
        fail(f"Port {port} of {host} can't be had ({error.strerror}); choose another with --port.")
    with listener:
        yield listener


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder that goes with the demonstration, and that the embedded server's own user can enter."""
    with tempfile.TemporaryDirectory(prefix="recognition-demo-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
