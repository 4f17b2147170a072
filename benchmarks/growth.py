"""What becomes slower as the registry grows: ``python -m benchmarks.growth [--sizes 10000 100000] [--write]``.

One registry, embedded PostgreSQL, grows by the import path (``recognition import``) to each size in turn; at each, the same questions are
asked over HTTP, one client, one at a time: a holder's titles by number, a page of 50 titles, the page that begins at the 10 000th row
by its cursor, a title as of an instant, a submission, and the audit of one case. Stated is the time within which
the quickest tenth of the answers came, which a busy machine disturbs least, and its ratio to the smallest size. The bar is 1.5.

``--write`` puts the table into ``benchmarks/RESULTS.md`` and the plot beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import psycopg

from application.projections.all import PROJECTIONS
from benchmarks.reads.stage import OFFICIAL, person_number
from console.serving import build_app, served
from domain.identifiers import case_number, decision_import_id, imported_case_id
from domain.values import Actor, Provenance, Role
from infrastructure.audit.check import check_case
from infrastructure.composition import Registry, open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.importing import take_in
from infrastructure.projections.rebuild import rebuild
from infrastructure.settings import Settings
from infrastructure.shares import cores

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
PLOT: Final = Path(__file__).with_name("growth.svg")
BAR: Final = 1.5
FAR: Final = 10_000
AUDITED: Final = 20
"""Cases that are audited, of those brought in last."""
SUBMITTED: Final = date(2024, 1, 8)
_AUTHORITY: Final = "330106-EI"
_LOOK_UP: Final = "query ($n: String!) { titles(holder: {idNumber: $n}) { status title } }"
_PAGE: Final = (
    "query ($after: String) { titleList(first: 50, after: $after) { edges { cursor node { title status } } } }"
)
_FORWARD: Final = "query ($after: String) { titleList(first: 200, after: $after) { pageInfo { endCursor } } }"
_AS_OF: Final = 'query ($n: String!, $at: DateTime!) { verifyTitle(holderName: "李明", certificateNumber: $n, asOf: $at) { valid } }'
_SUBMIT: Final = (
    "mutation ($input: SubmitCaseInput!) { submitCase(input: $input) { refusal { code } case { status } } }"
)


@dataclass(frozen=True)
class Listed:
    """A row as a file has it."""

    row: int
    cells: dict[str, str]
    problems: tuple[str, ...] = ()


def rows(first: int, last: int) -> Iterator[Listed]:
    """Sound decisions, each of a person and certificate of its own, spread over the catalog."""
    for number in range(first, last + 1):
        yield Listed(
            number,
            {
                "name": "李明",
                "id_number": person_number(number),
                "certificate": "AWS Certified Solutions Architect - Professional",
                "issuer": "亚马逊",
                "certificate_number": f"G-{number}",
                "authority": _AUTHORITY,
                "work_field": "数字经济",
                "entry": str(number % 60 + 1),
                "submitted_on": SUBMITTED.isoformat(),
                "decided_on": "2024-02-05",
            },
        )


def digest_of(last: int) -> str:
    """What stands for the digest of the file whose last row this is."""
    return sha256(f"growth {last}".encode()).hexdigest()


def grow(registry: Registry, first: int, last: int) -> float:
    """Bring in the decisions between two numbers; cases a second."""
    one, other = (Provenance(actor=Actor(subject=each, role=Role.ADMINISTRATOR)) for each in ("one", "other"))
    digest = digest_of(last)
    registry.imports.sign(one, digest, last - first + 1)
    begun, began = registry.imports.begin(other, digest), time.perf_counter()
    listed = list(rows(first, last))
    outcomes = take_in(registry.imports, registry.settings, other, begun, listed, cores())
    refused = [each for each in outcomes if each.refused is not None]
    took = time.perf_counter() - began
    if refused:
        raise SystemExit(f"row {refused[0].row}: {refused[0].refused}")
    registry.imports.finish(other, digest, last - first + 1, 0)
    rebuild(registry.database, registry.mapper, PROJECTIONS)
    with psycopg.connect(registry.database.owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return (last - first + 1) / took


class Client:
    """One client of the server, with tokens of its own."""

    def __init__(self, url: str, issuer: DevelopmentIssuer) -> None:
        self._client = httpx.Client(base_url=url, timeout=60)
        self._tokens = {
            role: issuer.issue(role, subject="growth", authority=_AUTHORITY if role is Role.REVIEWER else None)
            for role in (Role.REVIEWER, Role.VERIFIER, Role.APPLICANT)
        }

    def ask(self, role: Role, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that must succeed."""
        answer = self._client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {self._tokens[role]}"},
        ).json()
        if "errors" in answer:
            raise SystemExit(str(answer["errors"]))
        data: dict[str, Any] = answer["data"]
        return data


def cursor_at(client: Client, place: int) -> str | None:
    """The cursor of a row by its place, found page by page."""
    after: str | None = None
    for _ in range(place // 200):
        after = client.ask(Role.VERIFIER, _FORWARD, after=after)["titleList"]["pageInfo"]["endCursor"]
    return after


def quickest(question: Callable[[int], object], times: int) -> float:
    """Milliseconds within which the quickest tenth of the answers came."""
    found: list[float] = []
    for number in range(times):
        began = time.perf_counter()
        question(number)
        found.append(time.perf_counter() - began)
    return 1000 * sorted(found)[times // 10]


def measured(registry: Registry, client: Client, size: int, times: int) -> dict[str, float]:
    """Milliseconds a question at this size."""
    far = cursor_at(client, min(FAR, size - 200))
    now = registry.clock().isoformat()

    def submit(number: int) -> None:
        form = {
            "idempotencyKey": f"growth-{size}-{number}",
            "holder": {"name": "王敏", "idType": "PASSPORT", "idNumber": f"P{(size + number) % 10**8:08d}"},
            "certificate": {"name": "CCNP", "issuingBody": "Cisco", "certificateNumber": f"N-{size}-{number}"},
            "authorityCode": _AUTHORITY,
            "workField": "数字经济",
            "catalogCode": OFFICIAL,
        }
        if client.ask(Role.APPLICANT, _SUBMIT, input=form)["submitCase"]["refusal"] is not None:
            raise SystemExit("a submission was refused")

    def audit(number: int) -> None:
        checked = check_case(registry.audited, numbers[number])
        if checked is None or checked.findings:
            raise SystemExit(f"the audit of {numbers[number]} is not as it must be")

    begun = decision_import_id(digest_of(last=size))
    places = [size - number for number in range(AUDITED)]
    prefix = registry.rules.case_prefix
    numbers = [case_number(imported_case_id(begun, place), SUBMITTED, prefix) for place in places]
    step = max(1, size // times)
    found = {
        "holder's titles": quickest(
            lambda n: client.ask(Role.VERIFIER, _LOOK_UP, n=person_number(1 + n * step)), times
        ),
        "page of 50": quickest(lambda _: client.ask(Role.VERIFIER, _PAGE), times),
        f"page at row {FAR}": quickest(lambda _: client.ask(Role.VERIFIER, _PAGE, after=far), times),
        "title as of an instant": quickest(
            lambda n: client.ask(Role.VERIFIER, _AS_OF, n=f"G-{1 + n * step}", at=now), times
        ),
        "submission": quickest(submit, times),
    }
    return found | {"audit of a case": quickest(audit, AUDITED)}


def report(sizes: Sequence[int], found: Sequence[dict[str, float]], rates: Sequence[float]) -> str:
    """The section of the results."""
    head = "| Question | " + " | ".join(f"{size:,} cases, ms" for size in sizes) + " | ratio |"
    lines = [head, "|---|" + "---:|" * (len(sizes) + 1)]
    for name in found[0]:
        values = [each[name] for each in found]
        ratio = values[-1] / values[0]
        missed = "" if ratio < BAR else " (bar missed)"
        lines.append(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + f" | {ratio:.2f}{missed} |")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"## Growth\n\nBar: {BAR} × from the smallest to the largest. The quickest tenth of the answers over HTTP, one client.\n\n"
        + "\n".join(lines)
        + f"\n\nImported at {', '.join(f'{rate:.0f}' for rate in rates)} cases a second, to each size in turn. {os.cpu_count()} cores of"
        f" {platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()};"
        f" {psutil.virtual_memory().total // 2**30} GiB; load of the machine at the end {load}.\n\n![growth](growth.svg)\n"
    )


def plot(sizes: Sequence[int], found: Sequence[dict[str, float]]) -> str:
    """Ratios to the smallest size as lines, the bar dashed."""
    colours = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#d68910", "#34495e")
    top = max(2.0, *(each[name] / found[0][name] for each in found for name in found[0])) * 1.05
    across = [60 + 480 * place / max(1, len(sizes) - 1) for place in range(len(sizes))]

    def up(ratio: float) -> float:
        return 300 - 260 * ratio / top

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 340" font-family="sans-serif" font-size="12">',
        "<title>Time of an answer by the number of cases, as a ratio to the smallest</title>",
        '<rect width="760" height="340" fill="white"/><path d="M60 40V300H540" stroke="#444" fill="none"/>',
        f'<path d="M60 {up(BAR):.1f}H540" stroke="#888" stroke-dasharray="5 4"/><text x="64" y="{up(BAR) - 4:.1f}">bar {BAR}</text>',
    ]
    parts += [
        f'<text x="{x:.0f}" y="318" text-anchor="middle">{size:,}</text>' for x, size in zip(across, sizes, strict=True)
    ]
    parts += [f'<text x="52" y="{up(each) + 4:.1f}" text-anchor="end">{each}</text>' for each in range(int(top) + 1)]
    for place, (name, colour) in enumerate(zip(found[0], colours, strict=False)):
        points = " ".join(
            f"{x:.1f},{up(each[name] / found[0][name]):.1f}" for x, each in zip(across, found, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="560" y="{60 + 20 * place}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def write(section: str) -> None:
    """Put the section in the place of the last one."""
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# What was measured\n"
    kept, _, rest = before.partition("## Growth\n")
    _, found, after = rest.partition("\n## ")
    RESULTS.write_text(f"{kept.rstrip()}\n\n{section}{f'{chr(10)}## {after}' if found else ''}", encoding="utf-8")


def main() -> None:
    """Grow, ask, print, and write where that is wanted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    found: list[dict[str, float]] = []
    rates: list[float] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="growth-")))
        folder.chmod(0o711)  # the database's own user passes through
        settings = Settings(
            data_dir=folder, database_url=None, verifications_per_minute=1e9, verifications_per_subject=1e9
        )
        before = 0
        for size in chosen.sizes:
            with open_registry(settings) as registry:
                registry.projections.run_until_caught_up()
                rates.append(grow(registry, before + 1, size))
                print(f"{size:,} cases: imported at {rates[-1]:.0f} a second", flush=True)
                with (
                    socket.create_server(("127.0.0.1", 0)) as listener,
                    served(build_app(registry), listener, settings),
                ):
                    client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}", DevelopmentIssuer(folder))
                    found.append(measured(registry, client, size, chosen.times))
            print({name: round(value, 3) for name, value in found[-1].items()}, flush=True)
            before = size
    section = report(chosen.sizes, found, rates)
    print(section)
    if chosen.write:
        write(section)
        PLOT.write_text(plot(chosen.sizes, found), encoding="utf-8")
    sys.exit(0 if all(found[-1][name] < BAR * found[0][name] for name in found[0]) else 1)


if __name__ == "__main__":
    main()
