"""Where the reads are measured: one embedded PostgreSQL, a registry in it with cases the program made, and the servers over its tables.

A few cases are submitted and approved through the API's own use cases; their titles are then repeated by SQL, each under a holder of its own
that is found by number like any other, so that tables have the size of a registry that has run for a while.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from application.commands import CertificateForm, PersonForm, Submission
from domain.case.events import Approved
from domain.identity_numbers import resident_check_character
from domain.values import Actor, Provenance, Role, shanghai_day
from infrastructure.composition import Registry, open_registry
from infrastructure.identity import DEVELOPMENT_ISSUER, DevelopmentIssuer
from infrastructure.postgres.embedded import OWNER_ROLE, SUPERUSER, EmbeddedPostgres
from infrastructure.settings import Settings

AUTHORITY: Final = "330106-EI"
OFFICIAL: Final = "zj-2023-digital-equipment-materials"
DATABASE: Final = "reads"
ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final = Path(__file__).with_name("peers")
_BATCH: Final = 1_000


def person_number(number: int) -> str:
    """A resident identity number that is well formed."""
    day, month, year = number // 1000 % 28 + 1, number // 28_000 % 12 + 1, 1950 + number // 336_000
    first = f"330106{year}{month:02d}{day:02d}{number % 1000:03d}"
    return first + resident_check_character(first)


@dataclass
class Server:
    """One server under measurement."""

    name: str
    process: subprocess.Popen[str]
    port: int

    def cpu(self) -> float:
        """Seconds of CPU it used, its children included."""
        own = psutil.Process(self.process.pid)
        return sum(sum(each.cpu_times()[:2]) for each in [own, *own.children(recursive=True)])


@dataclass
class Stage:
    """The database, the registry's folder, whom the titles belong to, and a token."""

    folder: Path
    postgres: EmbeddedPostgres
    url: str
    owner_url: str
    token: str
    settings: dict[str, str]
    holders: list[tuple[str, str]] = field(default_factory=list)
    """Identity number and reference, of those who are asked about."""

    def connection(self) -> dict[str, str]:
        """How the peers are told of the database: libpq's variables, and as PostGraphile wants it."""
        given = {name: str(value) for name, value in conninfo_to_dict(self.owner_url).items()}
        named = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
        socket_url = f"socket://{given['user']}@{given['host']}?db={given['dbname']}"
        variables = {variable: given[name] for name, variable in named.items() if name in given}
        return {**variables, "PGURL": self.owner_url, "PGSOCKET": socket_url}

    def database_cpu(self) -> dict[int, float]:
        """Seconds of CPU that each process of PostgreSQL has used."""
        found = {}
        for each in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error):
                if (each.info["name"] or "").startswith("postgres") and str(self.folder) in _cluster_of(each):
                    found[each.pid] = sum(each.cpu_times()[:2])
        return found


def _cluster_of(process: psutil.Process) -> str:
    """Where the cluster of a PostgreSQL process lies: its postmaster's command line says so."""
    with contextlib.suppress(psutil.Error):
        parent = process.parent()
        return " ".join(process.cmdline() + (parent.cmdline() if parent else []))
    return ""


@contextlib.contextmanager
def stage(titles: int, cases: int) -> Iterator[Stage]:
    """Open it, with that many titles, of which that many come from cases."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-reads-")))
        folder.chmod(0o711)
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}".encode())
        data = folder / "data"
        data.mkdir()
        (data / "jwks.json").write_bytes((issuer := DevelopmentIssuer(data)).jwks())
        urls = postgres.url("registry_app", DATABASE), postgres.url(OWNER_ROLE, DATABASE)
        settings = {
            "DATABASE_URL": urls[0],
            "DATABASE_OWNER_URL": urls[1],
            "RECOGNITION_DATA_DIR": str(data),
        }
        found = Stage(folder, postgres, urls[0], urls[1], issuer.issue(Role.VERIFIER, subject="hr-system"), settings)
        _fill(found, data, titles, cases)
        yield found


def _fill(found: Stage, data: Path, titles: int, cases: int) -> None:
    settings = Settings(database_url=found.url, database_owner_url=found.owner_url, data_dir=data)
    with open_registry(settings) as registry:
        _approve_cases(registry, cases)
        registry.projections.run_until_caught_up()
        with psycopg.connect(found.owner_url, autocommit=True) as connection:
            _repeat(registry, connection, titles, cases)
            found.holders = [
                (person_number(number), str(ref))
                for number, ref in connection.execute(
                    "SELECT number, ref FROM bench_holders ORDER BY number % 997, number LIMIT 5000"
                ).fetchall()
            ]


def _approve_cases(registry: Registry, count: int) -> None:
    """Submit and approve cases on entries of the official catalog, as people do; each certificate is matched by itself."""
    today = shanghai_day(datetime.now(UTC))
    entries = registry.shelf.catalog(OFFICIAL).entries_at(1).values()
    listed = [(each.qualification_name, each.issuing_body) for each in entries if each.awards[0].grade is None]
    known = itertools.cycle([each for each in listed if registry.shelf.match(*each, None, today).match.entry])
    applicant = Provenance(actor=Actor(subject="office", role=Role.APPLICANT))
    officer = Provenance(actor=Actor(subject="officer", role=Role.REVIEWER, authority_code=AUTHORITY))
    stated = {"work_consistent": True, "counted_experience_months": 0, "opinion": "The register of the body shows it."}
    for number, (name, body) in zip(range(count), known, strict=False):
        form = Submission(
            idempotency_key=f"reads-{number}",
            holder=PersonForm(name=f"王敏{number}", id_type="RESIDENT_ID", id_number=person_number(number)),
            certificate=CertificateForm(name=name, issuing_body=body, certificate_number=f"R{number}"),
            authority_code=AUTHORITY,
            work_field="数字经济",
        )
        registry.cases.decide(officer, registry.cases.submit(applicant, form).case_id, Approved, None, **stated)


def _repeat(registry: Registry, connection: psycopg.Connection, titles: int, cases: int) -> None:
    """Titles like those that are there, one a holder, over 900 days; each holder found by a number."""
    columns = [
        column.name
        for column in _titles_columns()
        if column.name not in {"title_id", "case_id", "case_number", "holder_ref", "recognized_on"}
    ]
    named = ", ".join(columns)
    connection.execute(
        "CREATE TABLE bench_holders (number integer PRIMARY KEY, ref uuid NOT NULL DEFAULT gen_random_uuid())"
    )
    for start in range(cases, titles, _BATCH):
        numbers = list(range(start, min(titles, start + _BATCH)))
        digests = [registry.holders.identity("RESIDENT_ID", person_number(each)) for each in numbers]
        connection.execute(
            "WITH made AS (INSERT INTO bench_holders (number) SELECT unnest(%s::int[]) RETURNING number, ref)"
            " INSERT INTO registry.lookups (digest, case_id, holder_ref)"
            " SELECT d.digest, '00000000-0000-0000-0000-000000000000', made.ref"
            " FROM unnest(%s::int[], %s::bytea[]) AS d (number, digest) JOIN made USING (number)",
            [numbers, numbers, digests],
        )
    connection.execute(
        f"INSERT INTO read_model.titles (title_id, case_id, case_number, holder_ref, recognized_on, {named})"
        f" SELECT gen_random_uuid(), gen_random_uuid(), 'R-' || h.number, h.ref, date '2026-01-01' + h.number % 900, {named}"
        " FROM bench_holders AS h JOIN (SELECT row_number() OVER () - 1 AS n, count(*) OVER () AS every, t.*"
        " FROM read_model.titles AS t) AS t ON t.n = h.number % t.every".encode()
    )
    connection.execute("VACUUM ANALYZE")


def _titles_columns() -> Sequence:
    from application.projections.tables import TITLES  # noqa: PLC0415 - beside its one use

    return TITLES.columns


def free_port() -> int:
    """A port that nobody has at present."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], port: int, environment: dict[str, str], folder: Path
) -> Iterator[Server]:
    """A server in a process of its own, once it listens. Raises ``RuntimeError`` with what it said where it does not."""
    log = (folder / f"{name.replace(' ', '-')}.log").open("w+")
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"{name} did not start: {log.read()[-500:]}")
            time.sleep(0.1)
        yield Server(name, process, port)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        log.close()


def registry_server(
    found: Stage, name: str = "the registry", **settings: str
) -> contextlib.AbstractContextManager[Server]:
    """The project's server, as an installation runs it: an issuer's keys, limits, masking, the bench's token with a rate of its own."""
    port = free_port()
    environment = found.settings | {
        "RECOGNITION_JWKS": str(found.folder / "data" / "jwks.json"),
        "RECOGNITION_TOKEN_ISSUER": DEVELOPMENT_ISSUER,
        "RECOGNITION_RATE_PER_TOKEN": "1000000",
        "RECOGNITION_RATE_PER_ADDRESS": "1000000",
        **settings,
    }
    command = [sys.executable, "-m", "console", "serve", "--port", str(port)]
    return running(name, command, port, environment, found.folder)
