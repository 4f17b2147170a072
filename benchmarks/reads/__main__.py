"""Titles of one holder, and a page of fifty with their entries, over HTTP: this project's server beside those a user could pick instead.

All servers read the same tables of the same PostgreSQL, one process each. What they answer is compared before anything is timed. Rounds
alternate, so that whatever else the machine does meets all alike; told are medians of rounds, and the CPU that server and database used for a
request, which other programs disturb less than times. This side carries a bearer token (with a rate of its own, counted at each request),
scope, masking and limits; no peer does.

    python -m benchmarks.reads [--full] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.reads.stage import PEERS, ROOT, Server, Stage, free_port, registry_server, running, stage

RESULTS: Final = ROOT / "benchmarks" / "RESULTS.md"
CONNECTIONS: Final = 16
PAGES: Final = range(41, 61)
"""Rows of a page: about fifty, and no two requests of the same moment alike, since this server asks the database once for those."""
_TITLE: Final = (
    "status title level field caseNumber recognizedOn endedOn validForAppointment validForPromotion countedExperienceMonths"
    " authorityCode versionNumber entry { number qualificationName translatedName issuingBody field }"
)
_OURS: Final = {
    "look-up": f"query ($number: String!) {{ titles(holder: {{idNumber: $number}}) {{ id holder {{ ref }} {_TITLE} }} }}",
    "list": f"query ($field: String, $first: Int) {{ titleList(filter: {{field: $field}}, first: $first) {{"
    f" nodes {{ id holder {{ ref }} {_TITLE} }} pageInfo {{ hasNextPage endCursor }} }} }}",
}
_THEIRS: Final = {
    "look-up": "query ($holder: UUID!) { allTitles(condition: {holderRef: $holder}) {"
    f" nodes {{ titleId holderRef {_TITLE} }} }} }}",
    "list": "query ($field: String!, $first: Int!) {"
    " allTitles(condition: {field: $field}, first: $first, orderBy: [RECOGNIZED_ON_DESC, TITLE_ID_DESC]) {"
    f" nodes {{ titleId holderRef {_TITLE} }} pageInfo {{ hasNextPage endCursor }} }} }}",
}
_BARS: Final = {"look-up": 6.0, "list": 3.5}
_BASE: Final = "PostGraphile"
OURS: Final = "the registry"


@dataclass(frozen=True)
class Round:
    """One round of one server with one question."""

    rate: float
    p50: float
    p99: float
    server: float
    database: float
    failed: int


@dataclass(frozen=True)
class Peer:
    """A server beside ours: what it is, how it is started, and how it is asked."""

    name: str
    command: Callable[[int], list[str]]
    orders: bool = True
    """Whether its list takes an order; ours and the bare one have it built in."""


def _node(script: str) -> Callable[[int], list[str]]:
    return lambda _port: [str(PEERS / "node_modules" / "node" / "bin" / "node"), str(PEERS / script)]


def _uvicorn(module: str) -> Callable[[int], list[str]]:
    options = ["--log-level", "warning", "--no-access-log", "--loop", "uvloop", "--http", "httptools"]
    return lambda port: [
        sys.executable,
        "-m",
        "uvicorn",
        f"benchmarks.reads.peers.{module}:app",
        "--port",
        str(port),
        *options,
    ]


PEERS_RUN: Final = (
    Peer(_BASE, _node("postgraphile.mjs")),
    Peer("Mercurius, jit", _node("mercurius.mjs")),
    Peer("graphql-jit on node:http", _node("jit.mjs")),
    Peer("plain Strawberry, uvicorn", _uvicorn("plain_strawberry"), orders=False),
    Peer("bare ASGI, no GraphQL", _uvicorn("bare")),
)


def main() -> None:
    """Measure, print, and write where that is wanted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="larger tables, longer rounds, more of them")
    parser.add_argument("--write", action="store_true", help=f"write the section into {RESULTS.relative_to(ROOT)}")
    chosen = parser.parse_args()
    titles, cases, seconds, rounds = (200_000, 300, 5, 7) if chosen.full else (30_000, 100, 2, 5)
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (package wrk): the reads were not measured.")
    with ExitStack() as stack:
        here = stack.enter_context(stage(titles, cases))
        absent = _prepare(here)
        servers = _started(stack, here, absent)
        fields = _most_frequent_field(here)
        scripts = {server.name: _scripts(here, server, fields) for server in servers}
        compared = _compare(here, servers, fields)
        found: defaultdict[tuple[str, str], list[Round]] = defaultdict(list)
        for number in range(rounds + 1):
            for question in _OURS:
                for server in servers:
                    measured = _measured(here, server, scripts[server.name][question], seconds)
                    if number:  # the first round warms up
                        found[server.name, question].append(measured)
                        print(f"{question:8} {server.name:28} {measured.rate:8.0f} requests/s", flush=True)
        text = _section(found, absent, compared, titles, seconds, rounds)
    print(text)
    if chosen.write:
        _write(text)


def _prepare(here: Stage) -> dict[str, str]:
    """Install the peers from the lock file, and relate the tables for PostGraphile; why peers are absent, by name."""
    with psycopg.connect(here.owner_url, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE read_model.catalog_entries ADD CONSTRAINT bench_entry UNIQUE (catalog_code, number)"
        )
        connection.execute(
            "ALTER TABLE read_model.titles ADD CONSTRAINT bench_title FOREIGN KEY (catalog_code, entry_number)"
            " REFERENCES read_model.catalog_entries (catalog_code, number)"
        )
        connection.execute("COMMENT ON CONSTRAINT bench_title ON read_model.titles IS E'@fieldName entry'")
    if (PEERS / "node_modules" / "node" / "bin" / "node").exists():
        return {}
    npm = shutil.which("npm")
    reason = "npm is not installed" if npm is None else ""
    if npm is not None:
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"], cwd=PEERS, capture_output=True, text=True, check=False
        )
        reason = "" if done.returncode == 0 else f"npm could not install it: {done.stderr.strip()[-200:]}"
    return {peer.name: reason for peer in PEERS_RUN[:3]} if reason else {}


def _started(stack: ExitStack, here: Stage, absent: dict[str, str]) -> list[Server]:
    servers = [stack.enter_context(registry_server(here, OURS))]
    for peer in PEERS_RUN:
        if peer.name in absent:
            continue
        port = free_port()
        environment = {"PORT": str(port), "NODE_ENV": "production", "GRAPHILE_ENV": "production", **here.connection()}
        started: AbstractContextManager[Server] = running(peer.name, peer.command(port), port, environment, here.folder)
        try:
            servers.append(stack.enter_context(started))
        except RuntimeError as error:
            absent[peer.name] = str(error)
    return servers


def _most_frequent_field(here: Stage) -> str:
    with psycopg.connect(here.owner_url) as connection:
        row = connection.execute(
            "SELECT field FROM read_model.titles GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
        ).fetchone()
    return str(row[0]) if row else ""


def _asked(here: Stage, server: Server, question: str, field: str, holders: int = 2_000) -> Iterator[dict[str, Any]]:
    """The requests of a question, as this server takes them."""
    ours = server.name == OURS
    document = (_OURS if ours else _THEIRS)[question]
    if not ours and any(peer.name == server.name and not peer.orders for peer in PEERS_RUN):
        document = document.replace(", orderBy: [RECOGNIZED_ON_DESC, TITLE_ID_DESC]", "")
    if question == "list":
        for rows in PAGES:
            yield {"query": document, "variables": {"field": field, "first": rows}}
        return
    for number, ref in here.holders[:holders]:
        yield {"query": document, "variables": {"number": number} if ours else {"holder": ref}}


def _headers(here: Stage, server: Server) -> Mapping[str, str]:
    own = {"Authorization": f"Bearer {here.token}"} if server.name == OURS else {}
    return {"Content-Type": "application/json", "Accept": "application/json", **own}


def _url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/graphql" + ("/" if "Strawberry" in server.name else "")


def _scripts(here: Stage, server: Server, field: str) -> dict[str, Path]:
    """What wrk sends, by question."""
    found = {}
    for question in _OURS:
        bodies = ",".join(f"[==[{json.dumps(each)}]==]" for each in _asked(here, server, question, field))
        headers = ",".join(f'["{name}"]="{value}"' for name, value in _headers(here, server).items())
        path = here.folder / f"{server.port}-{question}.lua"
        path.write_text(
            f"local bodies = {{{bodies}}}\nlocal headers = {{{headers}}}\nlocal i = math.random(#bodies)\n"
            "request = function() i = i % #bodies + 1 return wrk.format('POST', nil, headers, bodies[i]) end\n",
            encoding="utf-8",
        )
        found[question] = path
    return found


def _compare(here: Stage, servers: list[Server], field: str) -> int:
    """How many answers were compared, every server's with ours. Raises ``SystemExit`` where one says something else."""
    compared = 0
    for question in _OURS:
        expected: list[Any] = []
        for server in servers:
            said = [
                _content(server, question, _posted(here, server, each))
                for each in _asked(here, server, question, field, holders=50)
            ]
            expected = expected or said
            if said != expected or not said[0]:
                sys.exit(
                    f"{server.name} answers the {question} otherwise: {str(said[0])[:600]} and not {str(expected[0])[:600]}"
                )
            compared += len(said)
    return compared


def _posted(here: Stage, server: Server, request: Mapping[str, Any]) -> Any:
    asked = urllib.request.Request(_url(server), json.dumps(request).encode(), dict(_headers(here, server)))
    try:
        with urllib.request.urlopen(asked, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as refused:
        sys.exit(f"{server.name} refuses: {refused.read().decode()[:600]}")


def _content(server: Server, question: str, answer: Any) -> Any:
    """What an answer says of titles, whatever its names for it."""
    if server.name == OURS:
        page = answer["data"]["titles" if question == "look-up" else "titleList"]
        nodes = page if question == "look-up" else page["nodes"]
        nodes = [
            {**each, "titleId": each["id"].partition(".")[2], "holderRef": each["holder"]["ref"]} for each in nodes
        ]
    else:
        page = answer["data"]["allTitles"]
        nodes = page["nodes"]
    kept = [{name: value for name, value in each.items() if name not in {"id", "holder"}} for each in nodes]
    return (kept, question == "list" and page["pageInfo"]["hasNextPage"])


def _measured(here: Stage, server: Server, script: Path, seconds: int) -> Round:
    before, database = server.cpu(), here.database_cpu()
    said = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), _url(server)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    used = server.cpu() - before
    asked = sum(seconds - database.get(process, 0.0) for process, seconds in here.database_cpu().items())
    requests = int(_found(r"(\d+) requests in", said))
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Round(
        rate=requests / seconds,
        p50=_milliseconds(_found(r"(?m)^\s+50%\s+(\S+)", said)),
        p99=_milliseconds(_found(r"(?m)^\s+99%\s+(\S+)", said)),
        server=used / requests * 1000,
        database=asked / requests * 1000,
        failed=int(failed[1]) if failed else 0,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said something else: {text[-300:]}")
    return match[1]


def _milliseconds(said: str) -> float:
    number = float(re.sub(r"[a-z]+$", "", said))
    return number * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[re.sub(r"^[\d.]+", "", said)]


def _section(
    found: Mapping[tuple[str, str], list[Round]],
    absent: Mapping[str, str],
    compared: int,
    titles: int,
    seconds: int,
    rounds: int,
) -> str:
    names = list(dict.fromkeys(name for name, _ in found))
    lines = [
        "## Reads",
        "",
        (
            f"{titles:,} titles, {CONNECTIONS} connections, {rounds} alternating rounds of {seconds} s, medians; {compared} answers were"
            " compared before and say the same. *Ratio* is requests a second over PostGraphile's of the same round, *CPU ratio*"
            " PostGraphile's CPU for a request (server and database) over this one's, which a busy machine disturbs less."
        ),
        "",
        f"{_machine()}",
        "",
    ]
    for question, what in (
        ("look-up", "Titles of one holder"),
        ("list", f"The {PAGES[0]} to {PAGES[-1]} latest titles of a field, with their entries"),
    ):
        lines += [
            f"**{what}** (bar: {_BARS[question]:g} × PostGraphile, and ahead of every peer)",
            "",
            "| Server | requests/s | ratio | p50 ms | p99 ms | CPU of server, ms | of database, ms | CPU ratio |",
            "|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        base = found.get((_BASE, question))
        for name in names:
            rows = found[name, question]
            middle = {
                each: statistics.median(getattr(row, each) for row in rows)
                for each in ("rate", "p50", "p99", "server", "database")
            }
            ratio = cpu = "–"
            if base:
                pairs = list(zip(rows, base, strict=True))
                ratio = f"{statistics.median(row.rate / other.rate for row, other in pairs):.2f}"
                cpu = f"{statistics.median((other.server + other.database) / (row.server + row.database) for row, other in pairs):.2f}"
            failed = sum(row.failed for row in rows)
            lines.append(
                f"| {name}{f' ({failed} refused)' if failed else ''} | {middle['rate']:.0f} | {ratio} | {middle['p50']:.2f}"
                f" | {middle['p99']:.2f} | {middle['server']:.3f} | {middle['database']:.3f} | {cpu} |"
            )
        lines.append("")
    lines += [f"Not run: {name}: {reason}" for name, reason in absent.items()]
    lines.append(
        "Only this project's server proves a token, keeps scope, masks persons, counts rates and bounds what is asked; its look-up starts from"
        " the number of a document, the peers' from the holder's reference."
    )
    return "\n".join(lines) + "\n"


def _machine() -> str:
    versions = [
        f"{name} {json.loads((PEERS / 'node_modules' / name / 'package.json').read_text())['version']}"
        for name in ("postgraphile", "mercurius", "graphql-jit", "node")
        if (PEERS / "node_modules" / name / "package.json").exists()
    ]
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{os.cpu_count()} cores of {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()},"
        f" {', '.join(versions)}; load of the machine at the end {load}."
    )


def _write(section: str) -> None:
    """Put the section in the place of the last one."""
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# What was measured\n"
    kept, _, rest = before.partition("## Reads\n")
    _, found, after = rest.partition("\n## ")
    RESULTS.write_text(f"{kept.rstrip()}\n\n{section}{f'{chr(10)}## {after}' if found else ''}", encoding="utf-8")


if __name__ == "__main__":
    main()
