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
from rich.cells import cell_len

from console import interrupts
from console.language import worded
from console.options import BearerRole
from console.talk import fail, note, say
from domain.messages import system_reason, tell

if TYPE_CHECKING:
    from infrastructure.identity_provider import IdentityProvider
    from infrastructure.settings import Settings

LOOPBACK = "127.0.0.1"
SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter while another waits for it: the loop that serves everybody, mostly."""


COLLECTIONS = (10_000, 10, 20)
"""New objects, and smaller collections, after which garbage is collected: an answer of some thousand fields causes none."""


def serve(
    host: Annotated[str, typer.Option(help="help.serve.host")] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65535, help="help.serve.port")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="help.serve.workers")] = 1,
) -> None:
    """``recognition serve``: see ``command.serve``."""
    from console.logs import configure
    from console.workers import Workers
    from infrastructure.identity_provider import open_identity_provider
    from infrastructure.postgres.existing import whereabouts
    from infrastructure.settings import Settings

    settings = Settings()
    configure(settings.log_format)
    if not settings.identity_provider and not _is_loopback(host):
        fail(tell("said.serve.loopback_only"))
    whereabouts(settings)
    provider = open_identity_provider(settings)
    if provider is not None:
        provider.start()
    with contextlib.ExitStack() as stack:  # before a database is made: a port that is taken costs nothing
        listener = stack.enter_context(listening(host, port, shared=workers > 1))
        address = listener.getsockname()[:2]
        others = [stack.enter_context(_bound(host, address[1], shared=True)) for _ in range(workers - 1)]
        if settings.log_format == "text":
            note(tell("said.serve.opening"), "dim")
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
    role: Annotated[BearerRole, typer.Option(help="help.token.role", case_sensitive=False)],
    authority: Annotated[str | None, typer.Option(help="help.token.authority")] = None,
    subject: Annotated[str | None, typer.Option(help="help.token.subject")] = None,
    holder: Annotated[UUID | None, typer.Option(help="help.token.holder")] = None,
) -> None:
    """``recognition token``: see ``command.token``."""
    from domain.values import Role
    from infrastructure.identity import DevelopmentIssuer
    from infrastructure.settings import Settings

    settings = Settings()
    if settings.identity_provider:
        fail(tell("said.serve.tokens_elsewhere"))
    if role is BearerRole.REVIEWER and authority is None:
        note(tell("said.serve.reviewer_nowhere"))
    issuer = DevelopmentIssuer(settings.data_dir)
    say(issuer.issue(Role(role.value), subject=subject, authority=authority, holder=holder))


def demo() -> None:
    """``recognition demo``: see ``command.demo``."""
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
        note(tell("said.serve.opening_demo"), "dim")
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
    say()
    say(tell("said.demo.done"))


def _greet(settings: Settings, address: tuple[str, int]) -> None:
    from infrastructure.postgres.existing import whereabouts

    host, port = address
    base = f"http://{'[' + host + ']' if ':' in host else host}:{port}"
    folder = str(settings.data_dir.resolve())
    database = whereabouts(settings) if settings.database_url else tell("said.serve.embedded", folder=folder)
    say(tell("said.serve.running"), "bold")
    places = {
        "console": f"{base}/",
        "api": f"{base}/graphql",
        "health": f"{base}/healthz  {base}/readyz",
        "database": worded(database),
    }
    labels = {
        "console": tell("said.serve.console"),
        "api": tell("said.serve.api"),
        "health": tell("said.serve.health"),
        "database": tell("said.serve.database"),
    }
    width = max(cell_len(worded(each)) for each in labels.values())
    for name, place in places.items():
        label = worded(labels[name])
        say(f"  {label}{' ' * (width - cell_len(label))}   {place}")
    if not settings.identity_provider:
        say(f"  {worded(tell('said.serve.development'))}", "bold yellow")
        say("    recognition token --role REVIEWER --authority 330106-EI", "bold yellow")
        say(f"  {worded(tell('said.serve.never_real'))}", "bold yellow")
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
        why = system_reason(error) if isinstance(error, OSError) and error.strerror else tell("said.serve.no_address")
        fail(tell("said.serve.port_taken", port=port, host=host, reason=why))
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
