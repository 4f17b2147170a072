"""``recognition serve``, ``demo`` and ``token``."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from console import interrupts
from console.options import BearerRole
from console.talk import fail, note, say

if TYPE_CHECKING:
    from infrastructure.identity_provider import IdentityProvider
    from infrastructure.settings import Settings

LOOPBACK = "127.0.0.1"
SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter while another waits for it: the loop that serves everybody, mostly."""


COLLECTIONS = (10_000, 10, 20)
"""New objects, and smaller collections, after which garbage is collected: an answer of some thousand fields causes none."""


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; loopback only, unless tokens come from a provider.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that serve on the port; as many as cores, say.")
    ] = 1,
) -> None:
    """Serve the registry: database, official catalog, read models and API, until interrupted."""
    from console.logs import configure
    from console.workers import Workers
    from infrastructure.identity_provider import open_identity_provider
    from infrastructure.postgres.existing import whereabouts
    from infrastructure.settings import Settings

    settings = Settings()
    configure(settings.log_format)
    if not settings.identity_provider and not _is_loopback(host):
        fail(
            "Without an identity provider the server listens on loopback only; set RECOGNITION_JWKS, or leave --host out."
        )
    whereabouts(settings)
    provider = open_identity_provider(settings)
    if provider is not None:
        provider.start()
    with contextlib.ExitStack() as stack:  # before a database is made: a port that is taken costs nothing
        listener = stack.enter_context(listening(host, port, shared=workers > 1))
        address = listener.getsockname()[:2]
        others = [stack.enter_context(_bound(host, address[1], shared=True)) for _ in range(workers - 1)]
        if settings.log_format == "text":
            note("Opening the registry …", "dim")
        greet = partial(_greet, settings, address)
        if not others:
            serve_here(settings, listener, provider, greet)
        elif code := Workers([listener, *others]).run(greet):
            raise typer.Exit(code)


def serve_here(
    settings: Settings, listener: socket.socket, provider: IdentityProvider | None, opened: Callable[[], None]
) -> None:
    """Serve in this process until it is told to stop; ``opened`` is told once the registry is open."""
    from console.logs import access_log
    from console.serving import StoppableServer, build_app, server_config
    from domain.values import shanghai_day
    from infrastructure.composition import open_registry, utc_now
    from infrastructure.subject_digests import SubjectDigests
    from transport.observing import ignore

    with open_registry(settings, provider=provider) as registry:
        opened()
        stopping = threading.Event()
        _share_the_interpreter()
        digests = SubjectDigests(registry.keyring)
        log_request = access_log(settings.log_format, digests) if settings.access_log else ignore
        config = server_config(build_app(registry, stopping, log_request), settings)
        threading.Thread(target=registry.shelf.warm, args=[shanghai_day(utc_now())], daemon=True).start()
        # uvicorn ends by raising the signal again that it was told to stop by: here that unwinds, so that all is closed.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: sys.exit(0))
        interrupts.heed()
        StoppableServer(config, stopping).run(sockets=[listener])


def _share_the_interpreter() -> None:
    """Let no long work keep the loop waiting that serves everybody.

    A thread that computes gives the interpreter up after ``SWITCH_SECONDS``; and what is there when serving begins, hundreds of
    thousands of objects that stay, is left out of the collections of garbage, each of which would stop every thread to look at them.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*COLLECTIONS)
    gc.collect()
    gc.freeze()


def token(
    role: Annotated[BearerRole, typer.Option(help="What the bearer is.", case_sensitive=False)],
    authority: Annotated[str | None, typer.Option(help="The authority a reviewer acts for, as 330106-EI.")] = None,
    subject: Annotated[str | None, typer.Option(help="Who the bearer is; somebody new by default.")] = None,
    holder: Annotated[UUID | None, typer.Option(help="The bearer's own holder reference, if known.")] = None,
) -> None:
    """Print a short-lived development token on standard output; servers without an identity provider accept it."""
    from domain.values import Role
    from infrastructure.identity import DevelopmentIssuer
    from infrastructure.settings import Settings

    settings = Settings()
    if settings.identity_provider:
        fail("Tokens come from the identity provider in RECOGNITION_JWKS; ask it for one.")
    if role is BearerRole.REVIEWER and authority is None:
        note("A reviewer without --authority may decide nothing; name one, as 330106-EI.")
    issuer = DevelopmentIssuer(settings.data_dir)
    say(issuer.issue(Role(role.value), subject=subject, authority=authority, holder=holder))


def demo() -> None:
    """Walk six stories over HTTP, on a registry of their own: cases approved, refused, revoked, annulled, a certificate claimed by two; the catalog amended."""
    import secrets

    from console.demo import Demo
    from console.demo_catalog import CatalogStory
    from console.serving import build_app, served
    from domain.values import shanghai_day
    from infrastructure.composition import open_registry
    from infrastructure.identity import DevelopmentIssuer
    from infrastructure.settings import Settings

    with _temporary_folder() as folder, listening(LOOPBACK, 0) as listener:
        settings = Settings(data_dir=folder, database_url=None, database_owner_url=None, jurisdiction=None)
        note("Opening a registry for the demonstration …", "dim")
        with open_registry(settings) as registry, served(build_app(registry), listener, settings):
            issuer = DevelopmentIssuer(folder)
            url = f"http://{LOOPBACK}:{listener.getsockname()[1]}/graphql"
            stories = Demo(url, issuer.issue, secrets.token_hex(3))
            stories.approved()
            stories.refused()
            stories.revoked()
            stories.annulled()
            stories.victim()
            CatalogStory(stories, issuer.issue, shanghai_day(registry.clock())).amended()
    say("\nSix stories, every event of them kept. Start your own registry with `make serve`.")


def _greet(settings: Settings, address: tuple[str, int]) -> None:
    from infrastructure.postgres.existing import whereabouts

    host, port = address
    base = f"http://{'[' + host + ']' if ':' in host else host}:{port}"
    database = whereabouts(settings) if settings.database_url else f"embedded, in {settings.data_dir.resolve()}"
    say("The recognition registry is running.", "bold")
    say(f"  Console            {base}/")
    say(f"  Explorer and API   {base}/graphql")
    say(f"  Health             {base}/healthz  {base}/readyz")
    say(f"  Database           {database}")
    if not settings.identity_provider:
        say(
            "  No identity provider is set: this server accepts development tokens that anybody on this machine can issue:\n"
            "    recognition token --role REVIEWER --authority 330106-EI\n"
            "  Never run it like this with real data.",
            "bold yellow",
        )
    sys.stdout.flush()


@contextlib.contextmanager
def listening(host: str, port: int, *, shared: bool = False) -> Iterator[socket.socket]:
    """A socket that listens; where it can't be had, the command ends with a sentence. A ``shared`` port may have several."""
    with _bound(host, port, shared=shared) as listener:
        listener.listen(1024)  # from here on clients wait their turn instead of being turned away while the app starts
        yield listener


@contextlib.contextmanager
def _bound(host: str, port: int, *, shared: bool) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except (OSError, UnicodeError, TypeError) as error:  # a zero byte in an address is a TypeError
        listener.close()
        why = getattr(error, "strerror", None) or "it is no address"
        fail(f"Port {port} of {host} can't be had ({why}); choose another with --port, or another address with --host.")
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
