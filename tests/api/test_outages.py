"""What clients get while the database is restarted, killed, or out of room: an answer that says so, and everything afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import pytest

from console.serving import build_app, served
from infrastructure.composition import open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.postgres.cluster import find_cluster
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.settings import Settings
from tests.people import resident_number

from .conftest import Api, Clock, check_codes

PATIENCE = 90.0
READ = "{ catalogs { code } }"
TRIED_AGAIN = {"UNAVAILABLE"}
MIB = 1024 * 1024


@contextlib.contextmanager
def standing_alone(folder: Path, **settings: Any) -> Iterator[Api]:
    """A registry with a database of its own in a folder, or another one named, served over HTTP."""
    clock = Clock()
    chosen = Settings(**{"database_url": None, "database_owner_url": None, "data_dir": folder, **settings})
    with (
        open_registry(chosen, clock) as registry,
        socket.create_server(("127.0.0.1", 0)) as listener,
        served(build_app(registry), listener),
        httpx.Client(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            timeout=60,
            event_hooks={"response": [check_codes]},
        ) as client,
    ):
        yield Api(client, registry, DevelopmentIssuer(folder), clock)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ready(api: Api) -> dict[str, Any]:
    """What ``/readyz`` says."""
    found: dict[str, Any] = api.client.get("/readyz").json()
    return found


class Load:
    """Readers and writers that go on through an outage, and all they were answered with."""

    def __init__(self, api: Api) -> None:
        self._api, self._over = api, threading.Event()
        self.codes: set[str] = set()
        self.answered = 0
        self.recorded: list[str] = []
        self.failures: list[BaseException] = []
        work = [self._read, self._read, self._write, self._write]
        self._threads = [threading.Thread(target=self._go_on, args=[each, n]) for n, each in enumerate(work)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        assert not self.failures, self.failures[0]

    def _go_on(self, work: Callable[[int, int], None], worker: int) -> None:
        number = 0
        try:
            while not self._over.is_set():
                work(worker, number)
                number += 1
                time.sleep(0.02)
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            self.failures.append(error)

    def _answer(self, response: httpx.Response) -> dict[str, Any] | None:
        body: dict[str, Any] = response.json()
        errors = body.get("errors")
        if not errors:
            self.answered += 1
            return body["data"]  # type: ignore[no-any-return]
        self.codes |= {error["extensions"]["code"] for error in errors}
        return None

    def _read(self, _worker: int, _number: int) -> None:
        cases = self._api.post("{ cases(first: 5) { nodes { id } } }", token=self._api.token("AUDITOR"))
        self._answer(cases)
        self._answer(self._api.post(READ))

    def _write(self, worker: int, number: int) -> None:
        form = {
            "idempotencyKey": f"outage-{worker}-{number}",
            "holder": {"name": "王敏", "idNumber": resident_number(worker * 100_000 + number)},
            "certificate": {"name": "CCNP", "issuingBody": "Cisco", "certificateNumber": f"O-{worker}-{number}"},
            "authorityCode": "330106-EI",
            "workField": "数字经济",
        }
        document = "mutation ($i: SubmitCaseInput!) { submitCase(input: $i) { refusal { code } case { caseNumber } } }"
        data = self._answer(self._api.post(document, {"i": form}, self._api.token("APPLICANT")))
        if data and data["submitCase"]["case"]:
            self.recorded.append(data["submitCase"]["case"]["caseNumber"])


def strike(api: Api, blow: Callable[[], None]) -> Load:
    """Load, a blow amid it, and the load going on until all answer again; what the load saw."""
    with Load(api) as load:
        until(lambda: len(load.recorded) > 5 and load.answered > 20)
        blow()
        before = len(load.recorded)
        until(lambda: len(load.recorded) > before + 20)
        until(lambda: ready(api)["status"] == "ok")
    return load


def all_are_there(api: Api, load: Load) -> None:
    """What was acknowledged is found, each once."""
    reviewer = api.token("REVIEWER", "330106-EI")
    head = api.ask("{ status { position } }", token=api.token("AUDITOR"))["status"]["position"]
    assert int(head) > 0
    for number in (load.recorded[0], load.recorded[-1]):

        def found(number: str = number) -> bool:
            document = "query ($n: String!) { case(caseNumber: $n) { caseNumber } }"
            return api.ask(document, {"n": number}, reviewer)["case"] is not None

        until(found)
    assert len(set(load.recorded)) == len(load.recorded)


def test_a_killed_postmaster_is_an_outage_and_no_defect(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Kill -9 of the embedded server under load: no answer but data and UNAVAILABLE, and by itself everything comes back."""
    with standing_alone(data_dir) as api:
        server = api.registry.database.server
        assert server is not None

        def blow() -> None:
            pid = server.postmaster()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)

        load = strike(api, blow)
        assert load.codes <= TRIED_AGAIN
        all_are_there(api, load)
    assert not [record for record in caplog.messages if record.startswith("Unexpected")]


def test_a_keeper_that_was_killed_is_replaced(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without its keeper the embedded server ends; the process that uses it starts both again, and says so in the log."""
    with standing_alone(data_dir) as api:
        keeper = int((data_dir / "postgres" / "run" / "keeper.lock").read_text())

        def blow() -> None:
            os.kill(keeper, signal.SIGKILL)
            until(lambda: any("lost its keeper" in message for message in caplog.messages))

        load = strike(api, blow)
        assert load.codes <= TRIED_AGAIN
        all_are_there(api, load)


@pytest.mark.parametrize("how", ["restart", "stop"])
def test_a_database_that_is_restarted_is_met_again(data_dir: Path, how: str) -> None:
    """A given server goes and comes back: reads and writes go on, or are answered UNAVAILABLE meanwhile.

    ``pg_ctl restart`` runs against the keeper, which starts a server that was stopped as well: whoever is first, there is one.
    """
    with EmbeddedPostgres(data_dir) as other, tempfile.TemporaryDirectory() as name:
        urls = {"database_url": other.app_url, "database_owner_url": other.owner_url}
        with standing_alone(Path(name), **urls) as api:
            load = strike(api, lambda: pg_ctl(how, data_dir))
            assert load.codes <= TRIED_AGAIN
            all_are_there(api, load)
            for _ in range(20):
                assert api.ask(READ)["catalogs"][0]["code"]


def pg_ctl(how: str, data_dir: Path) -> None:
    """Stop or restart a server as an operator does."""
    cluster = find_cluster(data_dir)
    as_owner = {"user": cluster.uid, "group": cluster.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(
        [str(cluster.bin / "pg_ctl"), how, "-D", str(cluster.data), "-m", "fast", "-w", "-l", str(cluster.log)],
        check=how == "stop",
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **as_owner,  # type: ignore[call-overload]
    )


def test_while_nothing_answers_whoever_asks_is_told(data_dir: Path) -> None:
    """A database that does not come back: 503 with Retry-After and one sentence, in the API and in ``/readyz``; no defect."""
    with EmbeddedPostgres(data_dir) as other, tempfile.TemporaryDirectory() as name:
        urls = {"database_url": other.app_url, "database_owner_url": other.owner_url, "pool_timeout": 0.5}
        with standing_alone(Path(name), **urls) as api:
            assert ready(api)["status"] == "ok"
            token = api.token("AUDITOR")
            cluster = find_cluster(data_dir)
            keeper = psutil.Process(int((cluster.run / "keeper.lock").read_text()))
            keeper.suspend()  # so that nobody starts the server again
            try:
                pg_ctl("stop", data_dir)
                response = api.post("{ cases { totalCount } }", token=token)
                error = response.json()["errors"][0]
                assert error["extensions"]["code"] == "UNAVAILABLE"
                assert response.status_code == 503
                assert response.headers["Retry-After"]
                assert "report" not in error["message"]
                said = ready(api)
                assert said["failing"] == ["database", "projection"]
                assert said["checks"]["database"].startswith("The database does not answer, and is tried again: ")
            finally:
                keeper.resume()
            until(lambda: ready(api)["status"] == "ok")
            assert api.ask(READ)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 170 MiB, for a data directory."""
    folder = Path(tempfile.mkdtemp(prefix="registry-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", "size=170m,mode=711", "tmpfs", str(folder)]
    mounted = shutil.which("mount") and subprocess.run(command, check=False, capture_output=True).returncode == 0
    if not mounted:
        folder.rmdir()
        pytest.skip("no file system may be mounted here, so that none can be filled")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def fill(folder: Path, left: int) -> Path:
    """Fill a file system until ``left`` bytes are free."""
    filler = folder / "filler"
    found = os.statvfs(folder)
    with filler.open("ab") as file, contextlib.suppress(OSError):
        file.write(bytes(max(0, found.f_bavail * found.f_frsize - left)))
    return filler


def test_a_disk_without_room_takes_nothing_new_and_is_read(small_disk: Path) -> None:
    """Writes are refused with STORAGE_FULL below the least free space and with none at all, and taken once there is room again.

    Reads go on; ``/readyz`` says it and stays ready.
    """
    with standing_alone(small_disk, least_free_space=16 * MIB) as api:
        kept = api.submit()["case"]["id"]
        reviewer = api.token("REVIEWER", "330106-EI")
        for left in (8 * MIB, 0):
            filler = fill(small_disk, left)
            form = {"idempotencyKey": f"full-{left}", "holder": {"name": "王敏", "idNumber": resident_number(1)}}
            form |= {"certificate": {"name": "CCNP", "issuingBody": "Cisco", "certificateNumber": f"F-{left}"}}
            form |= {"authorityCode": "330106-EI", "workField": "数字经济"}
            document = "mutation ($i: SubmitCaseInput!) { submitCase(input: $i) { position } }"
            assert api.code(document, {"i": form}, api.token("APPLICANT")) == "STORAGE_FULL"
            evidence = api.client.post(
                "/evidence",
                params={"case": kept},
                content=b"%PDF-1.7 and more",
                headers={"Content-Type": "application/pdf", "Authorization": f"Bearer {api.token('APPLICANT')}"},
            )
            assert (evidence.status_code, evidence.json()["errors"][0]["extensions"]["code"]) == (507, "STORAGE_FULL")
            for _ in range(20):
                read = "query ($id: ID!) { case(id: $id) { id } }"
                assert api.ask(read, {"id": kept}, reviewer)["case"]["id"] == kept
            said = ready(api)
            assert said["status"] == "ok"
            assert "MiB" in said["checks"]["storage"]
            filler.unlink()
            assert ready(api)["checks"]["storage"] == "ok"
            assert api.submit()["case"]


def test_a_database_that_died_of_a_full_disk_is_started_again_when_there_is_room(small_disk: Path) -> None:
    """Killed while not a byte is free it may not come back, which ``/readyz`` says; with room it does, by itself, and has all."""
    with standing_alone(small_disk, least_free_space=16 * MIB, pool_timeout=1.0) as api:
        done = api.submit()
        kept = done["case"]["id"]
        server = api.registry.database.server
        assert server is not None
        filler = fill(small_disk, 0)
        pid = server.postmaster()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        document, form = "{ cases { totalCount } }", {"token": api.token("AUDITOR")}
        for _ in range(5):
            answer = api.post(document, **form).json()
            assert {error["extensions"]["code"] for error in answer.get("errors", ())} <= TRIED_AGAIN
            said = ready(api)["checks"]["database"]
            assert said == "ok" or said.endswith("."), said
        filler.unlink()
        until(lambda: ready(api)["status"] == "ok")
        reviewer = api.token("REVIEWER", "330106-EI")
        document = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { id } }"
        assert api.ask(document, {"id": kept, "p": done["position"]}, reviewer)["case"]["id"] == kept
        assert api.submit()["case"]
