"""``make clients``: real clients of the registry against a live server, each with the cache or the generator people use.

A case is approved and revoked. Each client generates from the published schema, compiles, asks for the present and the past in one
document, and must hold both at once: REVOKED now, MATCHED at version 2. Printed as a table; exit code 1 where a client fails, 2 where
none could be installed. Everything is installed under ``build/clients``, from lock files, and nothing of it is the project's own.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path

import httpx

from console.serving import build_app, served
from infrastructure.composition import open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.settings import Settings
from tests.api.conftest import XIHU, Api, Clock

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "clients"
JS, PYTHON = BUILD / "js", BUILD / "python"
VENV = BUILD / "venv"
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Row:
    """What one client did; ``wrong`` is None where it could not be installed, and blank where all was right."""

    client: str
    version: str
    done: str
    wrong: str | None = ""


class Failed(Exception):
    """A command failed; what it said."""


def run(command: list[str | Path], folder: Path, environment: dict[str, str] | None = None) -> str:
    """What a command prints. Raises ``Failed``."""
    try:
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    if done.returncode:
        raise Failed((done.stdout + done.stderr).strip())
    return done.stdout


@contextlib.contextmanager
def live(folder: Path) -> Iterator[dict[str, str]]:
    """A server with a revoked case and another one; what clients are told of it."""
    folder.chmod(0o711)  # the embedded database may run as another user, who has to pass through
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        here = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(database_url=None, data_dir=folder, public_url=here)
        registry = stack.enter_context(open_registry(settings, clock := Clock()))
        stack.enter_context(served(build_app(registry), listener))
        client = stack.enter_context(httpx.Client(base_url=here, timeout=30))
        api = Api(client, registry, DevelopmentIssuer(folder), clock)
        api.submit()
        case, standing = api.approved()["case"]["id"], api.approved(authorityCode=XIHU)
        documents = [attested(api, each, standing["position"]) for each in (standing["case"]["id"], case)]
        done = api.revoked(case)
        waiting = "query ($at: Position) { cases(atLeast: $at) { totalCount } }"
        reviewer = api.token("REVIEWER", XIHU)
        api.ask(waiting, {"at": done["position"]}, reviewer)
        yield {
            "REGISTRY_URL": str(client.base_url.join("/graphql")),
            "REGISTRY_TOKEN": reviewer,
            "REGISTRY_CASE": case,
            "REGISTRY_STATES": json.dumps(states(api, case, reviewer)),
            "REGISTRY_ATTESTED": json.dumps(
                {"standing": documents[0], "ended": documents[1], "now": int(clock.now.timestamp())}
            ),
        }


def attested(api: Api, case: str, at: str) -> str:
    """The attestation of the title of a case."""
    asked = "query ($id: ID!, $at: Position) { case(id: $id, atLeast: $at) { title { id } } }"
    title = api.ask(asked, {"id": case, "at": at}, api.token("APPLICANT"))["case"]["title"]["id"]
    headers = {"Authorization": f"Bearer {api.token('APPLICANT')}"}
    return api.client.get(f"/titles/{title}/attestation", headers=headers).raise_for_status().text


def states(api: Api, case: str, token: str) -> list[list[str | None]]:
    """What the case and its title were at each version, asked for one by one, without a cache between."""
    asked = "query ($id: ID!, $n: Int!) { case(id: $id, atVersion: $n) { status title { status } } }"
    count = api.ask("query ($id: ID!) { case(id: $id) { version } }", {"id": case}, token)["case"]["version"]
    found = [api.ask(asked, {"id": case, "n": version}, token)["case"] for version in range(1, count + 1)]
    return [[each["status"], each["title"] and each["title"]["status"]] for each in found]


# ── TypeScript ────────────────────────────────────────────────────────────────────────────────────────────────────
def lay_out() -> None:
    """The sources beside what is installed, and nothing that an earlier run generated."""
    JS.mkdir(parents=True, exist_ok=True)
    for name in ("src", "out", "operations"):
        shutil.rmtree(JS / name, ignore_errors=True)
    shutil.rmtree(PYTHON, ignore_errors=True)
    shutil.copytree(HERE, JS, ignore=shutil.ignore_patterns("python", "*.py", "__pycache__"), dirs_exist_ok=True)
    shutil.copytree(HERE / "python", PYTHON)
    for folder in (JS, PYTHON):
        shutil.copy(ROOT / "graphql" / "schema.graphql", folder)
        shutil.copytree(HERE / "operations", folder / "operations", dirs_exist_ok=True)
    (JS / "src" / "generated" / "relay").mkdir(parents=True)
    guide = (ROOT / "docs" / "clients.md").read_text("utf-8")
    written = re.findall(r"^```ts\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    (JS / "src" / "guide.ts").write_text("\n".join(written), "utf-8")


def installed(stamp: Path, lock: Path, install: Callable[[], object]) -> None:
    """Install what a lock file names, once. Raises ``Failed``."""
    wanted = lock.read_text("utf-8")
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        install()
        stamp.write_text(wanted, "utf-8")


def npm_version(package: str) -> str:
    """The version that is installed."""
    manifest = JS / "node_modules" / package / "package.json"
    version: str = json.loads(manifest.read_text("utf-8"))["version"]
    return version


def typescript(told: dict[str, str]) -> Iterator[Row]:
    """Generators, compilers, then the clients themselves."""
    clients = {
        "apollo": "@apollo/client",
        "urql": "@urql/exchange-graphcache",
        "relay": "relay-runtime",
        "graphqlWs": "graphql-ws",
        "graphqlSse": "graphql-sse",
        "guided": "typescript",
        "attested": "@sd-jwt/sd-jwt-vc",
    }
    generators = {"@graphql-codegen/cli": "typescript, typescript-operations", "relay-compiler": "queries, fragments"}
    try:
        npm: list[str | Path] = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        installed(JS / "node_modules" / ".stamp", HERE / "package-lock.json", lambda: run(npm, JS))
    except Failed as why:
        yield from (Row(name, "-", first_line(why), None) for name in (*generators, *clients.values()))
        return
    binaries = JS / "node_modules" / ".bin"
    made = []
    for name, command in (
        ("@graphql-codegen/cli", ["graphql-codegen", "--config", "codegen.json"]),
        ("relay-compiler", ["relay-compiler", "relay.config.json"]),
        ("typescript", ["tsc"]),
    ):
        done = (
            f"generated from the published schema: {generators[name]}" if name in generators else "compiled, strictly"
        )
        made.append(
            outcome(
                name, npm_version(name), done, lambda command=command: run([binaries / command[0], *command[1:]], JS)
            )
        )
    yield from made
    for script, package in clients.items():
        if any(row.wrong for row in made):
            yield Row(package, npm_version(package), "asked nothing", "it was not compiled")
        else:
            yield asked(package, npm_version(package), ["node", f"out/{script}.js"], JS, told)


# ── Python ────────────────────────────────────────────────────────────────────────────────────────────────────────
def python(told: dict[str, str]) -> Iterator[Row]:
    """The generator and its client, then the client that checks documents against the schema."""
    packages, interpreter = ("ariadne-codegen", "gql"), VENV / "bin" / "python"

    def install() -> None:
        run([sys.executable, "-m", "venv", VENV], BUILD)
        pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-hashes", "-r"]
        run([interpreter, *pip, HERE / "python" / "requirements.lock"], BUILD)

    try:
        installed(VENV / ".stamp", HERE / "python" / "requirements.lock", install)
    except Failed as why:
        yield from (Row(name, "-", first_line(why), None) for name in packages)
        return

    def version(package: str) -> str:
        return run([interpreter, "-c", f"import importlib.metadata as m; print(m.version({package!r}))"], BUILD).strip()

    generate: list[list[str | Path]] = [
        [VENV / "bin" / "ariadne-codegen"],
        [interpreter, "-m", "compileall", "-q", "registry_client"],
    ]
    yield outcome(
        "ariadne-codegen",
        version("ariadne-codegen"),
        "generated from the published schema, compiled",
        lambda: [run(command, PYTHON) for command in generate],
    )
    yield asked("ariadne-codegen", version("ariadne-codegen"), [interpreter, "ask_ariadne.py"], PYTHON, told)
    yield asked("gql", version("gql"), [interpreter, "ask_gql.py", PYTHON], PYTHON, told)


# ── the feed ──────────────────────────────────────────────────────────────────────────────────────────────────────
def following(told: dict[str, str]) -> Iterator[Row]:
    """Python's gql over WebSocket, which the project's own tests use too, and curl."""
    yield asked("gql, following", package_version("gql"), [sys.executable, HERE / "follow_gql.py"], BUILD, told)
    try:
        release = run(["curl", "--version"], BUILD).split()[1]
    except Failed as why:
        yield Row("curl", "-", first_line(why), None)
        return
    yield outcome("curl", release, "pulled, asked again with the tag, followed as events", lambda: curl(told))


def curl(told: dict[str, str]) -> None:
    """What an administrator of another system tries first. Raises ``Failed`` where something else comes."""
    token, feed = (
        f"Authorization: Bearer {told['REGISTRY_TOKEN']}",
        told["REGISTRY_URL"].replace("/graphql", "/feed/titles"),
    )
    quiet: list[str | Path] = ["curl", "--silent", "--show-error", "--fail", "--compressed", "-H", token]
    whole = run([*quiet, f"{feed}?after=0"], BUILD).splitlines()
    titles, last = [json.loads(line) for line in whole[:-1]], json.loads(whole[-1])
    tag = run([*quiet, "-o", os.devnull, "-w", "%header{etag}", f"{feed}?after=0"], BUILD)
    again = run([*quiet, "-H", f"If-None-Match: {tag}", "-w", "%{http_code}", f"{feed}?after=0"], BUILD)
    body = json.dumps({"query": 'subscription { titleChanges(after: "0") { position } }'})
    events = ["-N", "-H", "Accept: text/event-stream", "-H", "Content-Type: application/json", "-d", body]
    command = [*quiet, *events, "--max-time", "3", told["REGISTRY_URL"]]
    stream = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False).stdout
    positions = [
        json.loads(line[6:])["data"]["titleChanges"]["position"]
        for line in stream.splitlines()
        if line.startswith("data: ")
    ]
    if not titles or last["more"] or again != "304" or positions != [each["position"] for each in titles]:
        raise Failed(f"{len(titles)} titles, {last}, {again}, {positions}")


# ── what came of it ───────────────────────────────────────────────────────────────────────────────────────────────
def outcome(client: str, version: str, done: str, work: Callable[[], object]) -> Row:
    """A row of work that only has to succeed."""
    try:
        work()
    except Failed as why:
        return Row(client, version, done, str(why)[-2000:])
    return Row(client, version, done)


def asked(client: str, version: str, command: list[str | Path], folder: Path, told: dict[str, str]) -> Row:
    """A row of a client that says itself what it checked."""
    try:
        text = run(command, folder, told)
    except Failed as why:
        text = str(why)
    lines = [line for line in text.splitlines() if line.startswith('{"done":')]
    if not lines:
        return Row(client, version, "asked the server", text[-2000:] or "it said nothing")
    said = json.loads(lines[-1])
    return Row(client, version, said["done"], "; ".join(said["wrong"]))


def first_line(why: Failed) -> str:
    """What is said of a client that could not be installed."""
    return (str(why).splitlines() or ["it can't be installed here"])[0][:120]


def table(rows: list[Row]) -> str:
    """Client, version, what was done, result; below it what went wrong, whole."""
    results = {None: "not run", "": "ok"}
    cells = [("client", "version", "done", "result")]
    cells += [(row.client, row.version, row.done, results.get(row.wrong, "FAILED")) for row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]) for line in cells
    ]
    return "\n".join([*lines, *(f"\n{row.client}: {row.wrong}" for row in rows if row.wrong)])


def main() -> int:
    """Try every client; the exit code."""
    lay_out()
    with tempfile.TemporaryDirectory() as folder, live(Path(folder)) as told:
        rows = [*typescript(told), *python(told), *following(told)]
    print(table(rows))  # noqa: T201 - this is its output
    if all(row.wrong is None for row in rows):
        return 2
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
