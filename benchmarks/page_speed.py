"""How long the server takes for pages of the console, with many cases recorded: ``python -m benchmarks.page_speed [CASES]``.

Told are the bytes of a page with its style sheet, the median time and the CPU of the server for one request, and how the page compares with
its own data as JSON, which is what drawing it costs. The bars are 60 kB for the first page and 100 ms for each.
"""

from __future__ import annotations

import statistics
import sys
import time

import httpx
import psycopg

from application.ports import Identity
from benchmarks.reads.stage import Server, Stage, registry_server, stage
from console.web.session import KEY_FILE, SESSION_COOKIE, Sessions
from domain.values import Actor, Role
from infrastructure.identity import DevelopmentIssuer

CATALOG = "zj-2023-digital-equipment-materials"
REQUESTS = 25
RECORDED = 100
"""Cases that go through the registry; the rows of the others are made of theirs."""
OWN = {"case_id": "gen_random_uuid()", "holder_ref": "gen_random_uuid()"}
PAGES = (
    (None, "/"),
    (None, "/check?name=AWS+Certified"),
    (None, f"/catalogs/{CATALOG}"),
    (None, f"/catalogs/{CATALOG}/compare"),
    (Role.AUDITOR, "/cases"),
    (Role.AUDITOR, "/cases?status=MATCHED"),
    (Role.AUDITOR, "/statistics?by=OUTCOME"),
    (Role.AUDITOR, "/audit/log"),
)


def main(cases: int) -> None:
    """Measure and print."""
    with stage(RECORDED, RECORDED) as here, registry_server(here) as server:
        _repeat(here, cases)
        base = f"http://127.0.0.1:{server.port}"
        first = _visitor(here, base, None).get("/")
        style = httpx.get(f"{base}/files/console.css")
        print(f"first page with its style sheet: {(len(first.content) + len(style.content)) / 1000:.1f} kB (bar 60)")
        print(f"{'page':48} {'median ms':>10} {'CPU ms':>8} {'bytes':>9} {'/ JSON':>7}")
        for role, path in PAGES:
            visitor = _visitor(here, base, role)
            took, used, size = _measured(server, visitor, path)
            data, _, _ = _measured(server, visitor, path + ("&" if "?" in path else "?") + "format=json")
            print(f"{path:48} {took:10.1f} {used:8.1f} {size:9} {took / data:7.2f}")


def _repeat(here: Stage, cases: int) -> None:
    """Rows of read models like those that are there, over the minutes before them, every tenth case still open."""
    changed = {
        "cases": OWN
        | {
            "case_number": "'R-' || n",
            "submitted_at": "submitted_at - n * interval '1 minute'",
            "status": "CASE WHEN n %% 10 = 0 THEN 'MATCHED' ELSE status END",
        },
        "counted_cases": OWN | {"submitted_on": "submitted_on - n / 1440"},
    }
    with psycopg.connect(here.owner_url, autocommit=True) as connection:
        for table, own in changed.items():
            known = "SELECT table_schema, column_name FROM information_schema.columns WHERE table_name = %s"
            found = connection.execute(known, [table]).fetchall()
            place, names = f"{found[0][0]}.{table}", [name for _, name in found]
            values = ", ".join(own.get(name, name) for name in names)
            made = f"INSERT INTO {place} ({', '.join(names)}) SELECT {values} FROM {place}, generate_series(1, %s) AS n"
            connection.execute(made.encode(), [cases // RECORDED - 1])
        connection.execute("VACUUM ANALYZE")


def _visitor(here: Stage, base: str, role: Role | None) -> httpx.Client:
    client = httpx.Client(base_url=base, timeout=60)
    if role is None:
        return client
    client.get("/")
    folder = here.folder / "data"
    token = DevelopmentIssuer(folder).issue(role, subject="bench")
    sessions = Sessions(bytes.fromhex((folder / KEY_FILE).read_text("ascii").strip()))
    actor = Actor(subject="bench", role=role)
    client.cookies.set(SESSION_COOKIE, sessions.cookie(sessions.begin(token, Identity(actor))))
    return client


def _measured(server: Server, visitor: httpx.Client, path: str) -> tuple[float, float, int]:
    times, size = [], 0
    for _ in range(3):
        answer = visitor.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        size = len(answer.content)
    before = server.cpu()
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        visitor.get(path)
        times.append((time.perf_counter() - begun) * 1000)
    used = (server.cpu() - before) * 1000 / REQUESTS
    return statistics.median(times), used, size


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
