"""What a case costs of disk and processor: ``python -m benchmarks.scale [--cases 2000] [--submissions 300] [--reads 600]``.

An embedded registry records decided cases with the events of the normal way, projects them and signs the log; then people submit and
look up, each over the application's own ways, one at a time. Stated are bytes a case, by table, and processor time an act, of this
process and of PostgreSQL's apart: a machine that others use stretches the clock, and neither of these.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from benchmarks.rebuild_speed import fill
from console.serving import build_app, served
from domain.values import Role
from infrastructure.composition import Registry, log_files, open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.log.sequencer import Sequencer
from infrastructure.settings import Settings

SIZES = (
    "SELECT schemaname, sum(pg_total_relation_size(format('%I.%I', schemaname, tablename))) FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') GROUP BY 1 ORDER BY 2 DESC"
)
SUBMIT = "mutation ($i: SubmitCaseInput!) { submitCase(input: $i) { refusal { code } case { caseNumber } } }"
CASE = "query ($n: String!) { case(caseNumber: $n) { caseNumber status entry { number } } }"


def sizes(registry: Registry) -> dict[str, int]:
    """Bytes of each schema's tables with their indexes."""
    with registry.database.connect_as_owner() as owner:
        return {str(schema): int(size) for schema, size in owner.execute(SIZES.encode()).fetchall()}


def wal(registry: Registry) -> int:
    """Bytes of log that PostgreSQL has written since it was made."""
    with registry.database.connect_as_owner() as owner:
        row = owner.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    return int(row[0]) if row else 0


def server_seconds(registry: Registry) -> float:
    """Processor seconds of PostgreSQL's processes, those that ended included."""
    server = registry.database.server
    postmaster = psutil.Process(server.postmaster() or 0) if server is not None else psutil.Process()
    total = 0.0
    for each in (postmaster, *postmaster.children()):
        try:
            times = each.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + (times.children_user + times.children_system if each == postmaster else 0)
    return total


def costs(registry: Registry, times: int, act: Callable[[int], Any]) -> tuple[float, float]:
    """Milliseconds of this process and of PostgreSQL for each of so many acts."""
    here, there = psutil.Process().cpu_times(), server_seconds(registry)
    for number in range(times):
        act(number)
    after = psutil.Process().cpu_times()
    own = after.user + after.system - here.user - here.system
    return own * 1000 / times, (server_seconds(registry) - there) * 1000 / times


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--submissions", type=int, default=300)
    parser.add_argument("--reads", type=int, default=600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        settings = Settings(data_dir=folder, database_url=None, database_owner_url=None)
        with open_registry(settings) as registry:
            registry.projections.run_until_caught_up()
            before, logged = sizes(registry), wal(registry)
            fill(registry, options.cases)
            registry.projections.run_until_caught_up()
            with psycopg.connect(registry.database.app_url, autocommit=True) as connection:
                Sequencer(log_files(settings)).run(connection)
            grown = {schema: size - before.get(schema, 0) for schema, size in sizes(registry).items()}
            for schema, size in grown.items():
                print(f"{schema:<24} {size / options.cases:9,.0f} bytes a case")
            print(f"{'together':<24} {sum(grown.values()) / options.cases:9,.0f} bytes a case")
            print(f"{'log of PostgreSQL':<24} {(wal(registry) - logged) / options.cases:9,.0f} bytes a case")
            with (
                socket.create_server(("127.0.0.1", 0)) as listener,
                served(build_app(registry), listener, settings),
                httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60) as client,
            ):
                over_http(registry, client, DevelopmentIssuer(folder), options)
    return 0


def over_http(registry: Registry, client: httpx.Client, issuer: DevelopmentIssuer, options: argparse.Namespace) -> None:
    """What acts cost over HTTP; the client's own share is within."""
    applicant = {"Authorization": f"Bearer {issuer.issue(Role.APPLICANT, subject='applicant')}"}
    found: list[str] = []

    def submit(number: int) -> None:
        form = {
            "idempotencyKey": f"scale-{number}",
            "holder": {"name": "王敏", "idType": "PASSPORT", "idNumber": f"S{number:08d}"},
            "certificate": {
                "name": "AWS Certified Solutions Architect - Professional",
                "issuingBody": "亚马逊",
                "certificateNumber": f"SC-{number}",
            },
            "authorityCode": "330106-EI",
            "workField": "数字经济",
        }
        answer = client.post("/graphql", json={"query": SUBMIT, "variables": {"i": form}}, headers=applicant).json()
        found.append(answer["data"]["submitCase"]["case"]["caseNumber"])

    def look_up(number: int) -> None:
        asked = {"query": CASE, "variables": {"n": found[number % len(found)]}}
        if "errors" in client.post("/graphql", json=asked, headers=applicant).json():
            raise SystemExit("a look-up failed")

    for what, times, act in (("a submission", options.submissions, submit), ("a look-up", options.reads, look_up)):
        act(10_000_000)
        own, database = costs(registry, times, act)
        print(f"{what:<24} {own:6.2f} ms of the server and its client, {database:6.2f} ms of PostgreSQL")


if __name__ == "__main__":
    sys.exit(main())
