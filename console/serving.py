"""An opened registry behind HTTP: its projections running and its read pool open for as long as the app serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from types import FrameType
from uuid import UUID

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.types import ASGIApp

from application.projections.all import PROJECTIONS
from compiled.executor import CompilingExecutor
from compiled.express import Express
from console.metrics import Metrics, metrics_route
from console.patience import PatientConfig, PatientProtocol, PatientWebSocket
from console.readiness import Readiness
from console.web.serving import console_routes
from domain.text import subject_form
from graphql import GraphQLSchema
from infrastructure.composition import Registry
from infrastructure.evidence import EvidenceError
from infrastructure.following import ErasuresFollowed
from infrastructure.maintenance import maintenance_process
from infrastructure.maintenance_work import work_apart
from infrastructure.postgres.sqlstates import outage_of
from infrastructure.processes import ProcessRunner
from infrastructure.projections.positions import projection_status
from infrastructure.settings import Settings
from registry_api.app import DISTRIBUTION, Door, EvidenceStorage, create_registry_app
from registry_api.context import Services
from transport.execution import Executor
from transport.observing import Handled, Observer, ignore

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 3
"""How long requests under way may take once the server is told to stop."""
FORCED_SECONDS = 9
"""When the process ends whatever is still running."""
KEYS_SECONDS = 60
"""How often it is seen to that the identity provider's keys are fresh, so that no token has to wait for them."""
FIRST_EVENTS = 100
"""Events that a server whose read model is new projects before its first answer; more would let the start wait."""
MESSAGE_BYTES = 128 * 1024
"""Bytes of one message that a client sends over a WebSocket: the longest document has room in it."""
USE_CASES = 12
"""Threads in which use cases wait for the store at once."""


class StoppableServer(uvicorn.Server):
    """A server that tells long work to end as soon as it is told to stop, and that is gone ``FORCED_SECONDS`` later.

    What is under way has ``SHUTDOWN_SECONDS``. A second signal ends it at once. Ending by force loses nothing acknowledged: the
    embedded database notices that its server is gone and stops by itself.
    """

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See ``uvicorn.Server``."""
        if self._stopping.is_set():
            os._exit(128 + sig)
        self._stopping.set()
        threading.Thread(target=self._force, args=[sig], daemon=True).start()
        super().handle_exit(sig, frame)

    @staticmethod
    def _force(sig: int) -> None:
        time.sleep(FORCED_SECONDS)
        log.error("Something did not end within %s s of the signal; the process ends without it.", FORCED_SECONDS)
        os._exit(128 + sig)


def build_app(registry: Registry, stopping: threading.Event | None = None, log_request: Observer = ignore) -> ASGIApp:
    """The ASGI application of an opened registry; its lifespan runs the projections and the other processes.

    ``stopping`` is set by whoever stops the server, so that long work ends unfinished; ``log_request`` is told of each request.
    What is asked for as maintenance is done by processes that this lends, each of which opens the registry by itself.
    """
    maintaining = ProcessRunner(maintenance_process(registry.settings, work_apart), registry.database.app_url)
    registry = replace(registry, processes=(*registry.processes, maintaining))

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = USE_CASES
        async with registry.reads, registry.lines, registry.replicas:
            await to_thread.run_sync(_first_rows, registry)
            registry.projections.start()
            for process in registry.processes:
                process.start()
            erasures = ErasuresFollowed(registry.database.app_url, forget_person, registry.rewinds.look).start()
            keeping = asyncio.create_task(_keep_keys_fresh(registry))
            try:
                async with registry.feed:
                    yield
            finally:
                keeping.cancel()
                stops = (*(process.stop for process in registry.processes), erasures.stop, registry.projections.stop)
                await asyncio.gather(*map(to_thread.run_sync, stops))

    def forget_person(holder_ref: UUID) -> None:
        registry.keyring.forget(holder_ref)
        registry.shelf.forget_matches()
        app.state.forget_documents()

    def forget_history() -> None:
        registry.shelf.forget()
        registry.readers.forget()
        registry.feed.forget()
        fast[0].forget()
        app.state.forget_documents()

    registry.rewinds.forget = forget_history
    fast: list[CompilingExecutor] = []

    def in_front(interpreting: Executor, schema: GraphQLSchema) -> Executor:
        reads, lean = registry.primary_reads, registry.lean_reads
        fast.append(CompilingExecutor(interpreting, schema, reads, lean, registry.authorities, outage_of))
        return fast[0]

    settings = registry.settings
    metrics = Metrics(registry, version(DISTRIBUTION))

    def observe(handled: Handled) -> None:
        metrics.observe(handled)
        log_request(handled)

    app = create_registry_app(
        replace(services_of(registry), stopping=stopping or threading.Event()),
        authenticator=registry.authenticator,
        ready=Readiness(registry),
        outage_of=outage_of,
        door=_door(settings),
        evidence=EvidenceStorage(registry.evidence, EvidenceError, settings.evidence_max_size),
        attestations=registry.attestations,
        routes=[metrics_route(metrics, settings.metrics_token), *console_routes(registry)],
        lifespan=lifespan,
        in_front=in_front,
        observe=observe,
    )
    return Express(app, app.state.counters, fast[0], observe)


def _first_rows(registry: Registry) -> None:
    """A registry that was just made answers with its catalog from the first request on, and no cache keeps an empty one."""
    standing = [projection_status(registry.database, each) for each in PROJECTIONS]
    if all(each.position == 0 and each.lag_events <= FIRST_EVENTS for each in standing):
        with contextlib.suppress(Exception):  # the runner meets it again, logs it and shows it
            registry.projections.run_until_caught_up()


async def _keep_keys_fresh(registry: Registry) -> None:
    while registry.provider is not None:
        registry.provider.trouble()
        await asyncio.sleep(KEYS_SECONDS)


def services_of(registry: Registry) -> Services:
    """The application of an opened registry, as the API needs it."""
    return Services(
        reads=registry.reads,
        readers=registry.readers,
        feed=registry.feed,
        cases=registry.cases,
        catalogs=registry.catalogs,
        catalog_proposals=registry.catalog_proposals,
        shelf=registry.shelf,
        rules=registry.rules,
        holders=registry.holders,
        holder_files=registry.holder_files,
        access_log=registry.access_log,
        seals=registry.seals,
        officers=registry.officers,
        subject_form=partial(subject_form, tells_case=registry.settings.subjects_tell_case),
        accesses_read=registry.access_log.read,
        attestations=registry.attestations,
        operations=registry.operations,
        maintenance=registry.maintenance,
        transparency=registry.transparency,
        audit_runs=registry.audit_runs,
        forget_documents=lambda: None,
        authorities=registry.authorities,
        clock=registry.clock,
    )


def _door(settings: Settings) -> Door:
    """What the settings let in; a development server, which listens on loopback only, counts nobody unless told to."""
    public = settings.identity_provider
    by_address, by_token = settings.rate_per_address, settings.rate_per_token
    return Door(
        rate_per_address=(50.0 if public else 0.0) if by_address is None else by_address,
        requests_at_once=settings.requests_at_once,
        rate_per_token=(200.0 if public else 0.0) if by_token is None else by_token,
        verifications_per_minute=settings.verifications_per_minute,
        verifications_per_subject=settings.verifications_per_subject,
        trusted_proxies=settings.trusted_proxies,
        uploads_per_subject=settings.uploads_per_subject,
        upload_bytes_per_day=settings.upload_bytes_per_day,
        upload_bytes_per_second=settings.upload_bytes_per_second,
        introspection=settings.introspection,
        cors_origins=settings.cors_origins,
        body_seconds=settings.body_seconds,
        subscriptions_per_subject=settings.subscriptions_per_subject,
        subscriptions=settings.subscriptions,
    )


def server_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How the server listens: no proxy is believed here (``TrustedProxies`` is), and heads of requests have a size and a time."""
    config = PatientConfig(
        app,
        log_level="warning",
        log_config=None,  # whoever serves says how the process logs (console.logs)
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=64 * 1024,
        timeout_keep_alive=20,
        limit_concurrency=1_000,
        http=PatientProtocol,
        ws=PatientWebSocket,
        ws_max_size=MESSAGE_BYTES,
        ws_per_message_deflate=False,  # what is told holds persons beside what others wrote: see ``transport.compression``
    )
    config.connections_per_address = settings.connections_per_address
    config.proxies = settings.trusted_proxies
    return config


@contextlib.contextmanager
def served(app: ASGIApp, listener: socket.socket, settings: Settings | None = None) -> Iterator[None]:
    """Serve an app on a thread for as long as the context lasts."""
    config = server_config(app, settings or Settings())
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(2 * SHUTDOWN_SECONDS)
