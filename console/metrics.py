"""``/metrics``: what Prometheus reads of a running server. Labels are names of the schema, of routes and of parts of the registry: bounded
in number, and none about a person.
"""

from __future__ import annotations

import hmac
import ipaddress
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Any, Final, cast

from anyio import CapacityLimiter, to_thread
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.projections.all import PROJECTIONS
from domain.refusals import RefusalCode
from infrastructure.composition import Registry
from infrastructure.figures import Figures, figures
from infrastructure.postgres.pools import read_over
from infrastructure.postgres.recorder import EventRecorder
from infrastructure.projections.positions import projection_status
from transport.app import GRAPHQL_PATH
from transport.errors import ErrorCode
from transport.masking import NO_CODE
from transport.observing import Handled

PATH: Final = "/metrics"
OTHER: Final = "other"
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
MOST_OPERATIONS: Final = 300
"""Different operations that are told apart; a server's further ones are one."""
_CODES: Final = frozenset({NO_CODE, *map(str, RefusalCode), *map(str, ErrorCode)})
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""What a proxy adds: a request that has any comes from somewhere else than its connection."""


class Metrics:
    """The figures of one server: counted as requests end, the rest asked of the registry when somebody reads them."""

    def __init__(self, registry: Registry, version: str) -> None:
        self._collected = CollectorRegistry()
        self._requests = _Requests()
        self._collected.register(self._requests)
        ProcessCollector(registry=self._collected)
        self._collected.register(_Standing(registry, version))

    def observe(self, handled: Handled) -> None:
        """See ``transport.observing.Observer``."""
        self._requests.count(handled)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format; asks the database."""
        return generate_latest(self._collected)


def metrics_route(metrics: Metrics, token: str | None) -> Route:
    """The route of the figures. With a token, it answers whoever bears it; without one, this machine, where no proxy asks for others.

    Anybody else is told what they would be told of an address where nothing is.
    """
    reading = CapacityLimiter(1)

    async def answer(request: Request) -> Response:
        if not _may_read(request, token):
            raise HTTPException(404)
        body = await to_thread.run_sync(metrics.text, abandon_on_cancel=True, limiter=reading)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return Route(PATH, answer, methods=["GET"])


def _may_read(request: Request, token: str | None) -> bool:
    if token is not None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback and not any(name in request.headers for name in _FORWARDED)
    except ValueError:
        return False


class _Requests(Collector):
    """What is counted as requests end, on the loop that serves: numbers, which are written as figures when somebody reads them.

    prometheus-client's own counters take a lock each, which no one else here asks for, and a third of the time of a look-up.
    """

    def __init__(self) -> None:
        self._times: dict[str, list[float]] = {}
        """By operation, how many requests ended within each bucket and not the one before, and the seconds of all."""
        self._statuses: dict[int, int] = {}
        self._codes: dict[str, int] = {}
        self._paths = {"compiled": 0, "interpreted": 0}

    def count(self, handled: Handled) -> None:
        """Count one request."""
        name = handled.operation if handled.route == GRAPHQL_PATH and handled.operation else handled.route
        times = self._times.get(name) or self._timed(name)
        times[bisect_left(BUCKETS, handled.seconds)] += 1
        times[-1] += handled.seconds
        self._statuses[handled.status] = self._statuses.get(handled.status, 0) + 1
        for code in handled.codes:
            told = code if code in _CODES else OTHER
            self._codes[told] = self._codes.get(told, 0) + 1
        if handled.compiled is not None:
            self._paths["compiled" if handled.compiled else "interpreted"] += 1

    def _timed(self, name: str) -> list[float]:
        kept = name if len(self._times) < MOST_OPERATIONS else OTHER
        return self._times.setdefault(kept, [0.0] * (len(BUCKETS) + 2))

    def describe(self) -> Sequence[Metric]:
        """Nothing is asked when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """See ``Collector``."""
        says = "Time from the head of a request to the end of its answer, by operation or route."
        times = HistogramMetricFamily("recognition_request_seconds", says, labels=["operation"])
        for name, (*within, seconds) in list(self._times.items()):
            so_far = accumulate(within)
            bounds = zip((*map(floatToGoString, BUCKETS), "+Inf"), so_far, strict=True)
            times.add_metric([name], buckets=list(bounds), sum_value=seconds)
        yield times
        yield _counted("recognition_responses", "Answers by HTTP status.", "status", self._statuses)
        yield _counted(
            "recognition_refusals", "Refusals and errors by their code (docs/errors.md).", "code", self._codes
        )
        yield _counted(
            "recognition_queries", "Queries by who answered: a compiled plan, or the interpreter.", "path", self._paths
        )


def _counted(name: str, says: str, label: str, counts: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, says, labels=[label])
    for each, count in list(counts.items()):
        family.add_metric([str(each)], count)
    return family


class _Standing(Collector):
    """What is asked when somebody reads: the database, the pools, the processes, the disk."""

    def __init__(self, registry: Registry, version: str) -> None:
        self._registry, self._version = registry, version

    def describe(self) -> Sequence[Metric]:
        """Nothing is asked when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """See ``Collector``. Where the database does not answer, what only it knows is left out."""
        yield _gauge("build_info", "The release that serves.", {"version": self._version}, 1)
        yield from self._appends()
        yield from self._pools()
        yield from self._processes()
        yield from self._feed()
        yield from self._disk()
        try:
            found = read_over(self._registry.database.pool, figures)
            asked = [*self._figures(found), *self._projections()]
        except Exception:  # noqa: BLE001 - whatever keeps the database from answering, the figure says that it does not
            yield _gauge("database_up", "Whether the database answers.", {}, 0)
            return
        yield _gauge("database_up", "Whether the database answers.", {}, 1)
        yield from asked

    def _appends(self) -> Iterator[Metric]:
        done = cast("EventRecorder", self._registry.journal.recorder).appends
        yield CounterMetricFamily("recognition_events_appended", "Events that this server stored.", done.events)
        yield CounterMetricFamily("recognition_saves", "Saves that this server stored.", done.saves)
        yield SummaryMetricFamily(
            "recognition_commit_seconds",
            "Commits of events by this server, each of one save or several.",
            count_value=done.commits,
            sum_value=done.seconds,
        )

    def _pools(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("recognition_pool_connections", "Connections by pool.", labels=["pool", "state"])
        waiting = GaugeMetricFamily("recognition_pool_waiting", "Who waits for a connection.", labels=["pool"])
        pools: dict[str, Any] = {"registry": self._registry.database.pool, "reads": self._registry.reads.pool}
        for name, pool in pools.items():
            stats = pool.get_stats()
            size.add_metric([name, "open"], stats.get("pool_size", 0))
            size.add_metric([name, "idle"], stats.get("pool_available", 0))
            waiting.add_metric([name], stats.get("requests_waiting", 0))
        yield size
        yield waiting

    def _processes(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "recognition_process_stands_still",
            "Processes of this server that fail and are tried again.",
            labels=["process"],
        )
        for each in self._registry.processes:
            family.add_metric([each.process.name], int(each.failure is not None))
        yield family
        provider = self._registry.provider
        if provider is not None:
            yield _gauge("identity_provider_up", "Whether tokens can be judged.", {}, int(provider.trouble() is None))

    def _feed(self) -> Iterator[Metric]:
        feed = self._registry.feed
        yield _gauge("feed_followers", "Who follows events or changes of titles at this server.", {}, feed.followers)
        yield CounterMetricFamily("recognition_feed_events", "Events that this server read for followers.", feed.told)
        yield _gauge("feed_stands_still", "Whether followers are told nothing.", {}, int(feed.failure is not None))

    def _disk(self) -> Iterator[Metric]:
        space = self._registry.database.space
        if space is not None:
            with suppress(OSError):
                yield _gauge("disk_free_bytes", "Free bytes where the data directory lies.", {}, space.free())

    def _projections(self) -> Iterator[Metric]:
        lag = GaugeMetricFamily(
            "recognition_projection_lag_events", "Events that a read model has not taken in.", labels=["projection"]
        )
        still = GaugeMetricFamily(
            "recognition_projection_stands_still", "Read models that an event stops.", labels=["projection"]
        )
        for each in PROJECTIONS:
            status = projection_status(self._registry.database, each)
            lag.add_metric([each.name], status.lag_events)
            still.add_metric([each.name], int(status.last_error is not None))
        yield lag
        yield still

    def _figures(self, found: Figures) -> Iterator[Metric]:
        now = self._registry.clock()
        yield _gauge("events", "Events in the registry.", {}, found.position)
        yield _gauge(
            "log_waiting_events", "Events that are no leaf of the transparency log yet.", {}, found.log_waiting
        )
        oldest = found.log_waiting_since
        yield _gauge(
            "log_age_seconds",
            "How long the oldest event waits to become a leaf of the transparency log; 0 where none does.",
            {},
            0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
        )
        yield CounterMetricFamily(
            "recognition_deadlines_missed", "Statutory deadlines on record as missed.", found.deadlines_missed
        )
        if found.audit_findings is not None:
            yield _gauge("audit_findings", "What the last audit found.", {}, found.audit_findings)
        if found.last_backup is not None:
            yield _gauge(
                "last_backup_timestamp_seconds", "When the last backup was made.", {}, found.last_backup.timestamp()
            )


def _gauge(name: str, says: str, labels: dict[str, str], value: float) -> Metric:
    family = GaugeMetricFamily(f"recognition_{name}", says, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
