"""Several server processes on one port: they replace one that ends, follow each other's erasures, and end together."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from console.worker import _follow
from console.workers import STOP_SECONDS
from infrastructure.composition import Registry
from tests.api.conftest import Api, Clock, opened
from tests.api.conftest import api as api  # noqa: PLC0414 - the fixture of the API's tests
from tests.api.conftest import clock as clock  # noqa: PLC0414 - the same
from tests.api.conftest import own_api as own_api  # noqa: PLC0414 - the same
from tests.console.test_errors import run_alone

HOLDER = "{ cases(first: 1) { nodes { holder { ref name } } } }"
ERASE = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL article 47") { refusal { code } } }'
PATIENCE = 30.0


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> float:
    """Wait for something; how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come about"
        time.sleep(0.02)
    return time.monotonic() - began


@contextmanager
def serving(database: Any, folder: Path, workers: int) -> Iterator[tuple[psutil.Process, str]]:
    """``recognition serve --workers`` in a process of its own, and its address."""
    environment = {
        "DATABASE_URL": database.app_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "RECOGNITION_DATA_DIR": str(folder),
        "RECOGNITION_POOL_MIN_SIZE": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "console", "serve", "--port", "0", "--workers", str(workers)]
    server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        address = next(filter(None, (re.search(r"(http://\S+)/graphql", line) for line in server.stdout)))
        yield psutil.Process(server.pid), address.group(1)
    finally:
        if server.poll() is None:
            server.terminate()
        server.wait(30)
        server.stdout.close()


def answers(url: str) -> bool:
    """Whether a new connection is answered, by whichever worker."""
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_workers_are_replaced_and_end_together(database: Any, tmp_path: Path) -> None:
    """A killed worker is replaced while the other serves; at SIGTERM all are gone within ten seconds."""
    with serving(database, tmp_path, 2) as (parent, url):
        until(lambda: len(parent.children()) == 2)
        first = parent.children()[0]
        until(lambda: answers(url))
        first.kill()
        until(lambda: len(parent.children()) == 2 and first not in parent.children())
        until(lambda: answers(url))
        family = parent.children()
        parent.terminate()
        assert until(lambda: not parent.is_running() or parent.status() == psutil.STATUS_ZOMBIE) < STOP_SECONDS + 0.5
        assert not any(each.is_running() for each in family)


def test_a_worker_ends_when_its_parent_is_gone() -> None:
    """However the parent goes, its end of the channel closes, and the worker is told to stop as by a signal to stop."""
    ours, theirs = socket.socketpair()
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    try:
        threading.Thread(target=_follow, args=[theirs]).start()
        ours.close()
        until(lambda: told)
    finally:
        signal.signal(signal.SIGTERM, before)
        theirs.close()


def test_what_cannot_work_is_said_once(data_dir: Path) -> None:
    """The first worker says what is wrong, in one sentence, and its exit code is the command's."""
    environment = {"RECOGNITION_DATA_DIR": str(data_dir), "RECOGNITION_JURISDICTION": str(data_dir / "none.toml")}
    done = run_alone("serve", "--port", "0", "--workers", "2", **environment)
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1


def opens(registry: Registry, ref: UUID) -> bool:
    """Whether a process still opens what is sealed under a holder's key."""
    return registry.keyring.existing_key(ref) is not None


@pytest.fixture
def another(database: Any, api: Api, tmp_path: Path) -> Iterator[Api]:
    """A second server on the registry of the first, as in a process of its own: nothing in memory is shared."""
    with opened(database, tmp_path, Clock(api.clock.now)) as beside:
        yield beside


def test_an_erasure_in_one_is_followed_by_the_other(api: Api, another: Api) -> None:
    """Within a second, though its key was in hand there; and not even who asked for the key before brings it back."""
    assert api.submit()["refusal"] is None
    officer = api.token("PRIVACY_OFFICER")
    until(lambda: another.ask(HOLDER, None, officer)["cases"]["nodes"])
    holder = another.ask(HOLDER, None, officer)["cases"]["nodes"][0]["holder"]
    assert holder["name"] == "王敏"
    ref = UUID(holder["ref"])
    assert opens(another.registry, ref)
    asked_before = another.registry.keyring.now()
    wrapped = another.registry.database.pool
    with wrapped.connection() as connection:
        row = connection.execute(
            "SELECT wrapped_key, master_key_id FROM registry.holder_keys WHERE holder_ref = %s", [ref]
        ).fetchone()
    assert api.ask(ERASE, {"ref": holder["ref"]}, officer)["eraseHolder"]["refusal"] is None
    until(lambda: not opens(another.registry, ref), seconds=2.0)
    assert row is not None
    another.registry.keyring.offer(ref, bytes(row[0]), row[1], asked_before)
    assert not opens(another.registry, ref)
    [shown] = another.ask(HOLDER, None, officer)["cases"]["nodes"] or [{"holder": {"name": None}}]
    assert shown["holder"]["name"] is None


def test_a_restriction_in_one_holds_in_the_other(api: Api, another: Api) -> None:
    """Who is restricted in one is shown by neither, as soon as the rows say so."""
    payload = api.submit()
    reviewer, officer = api.token("REVIEWER", "330106-EI"), api.token("PRIVACY_OFFICER")
    until(lambda: another.ask(HOLDER, None, reviewer)["cases"]["nodes"])
    restrict = 'mutation ($ref: ID!) { restrictHolder(ref: $ref, legalBasis: "PIPL article 44") { position } }'
    ref = api.ask(HOLDER, None, officer)["cases"]["nodes"][0]["holder"]["ref"]
    position = api.ask(restrict, {"ref": ref}, officer)["restrictHolder"]["position"]
    asked = "query ($at: Position) { cases(first: 1, atLeast: $at) { nodes { id } } }"
    assert another.ask(asked, {"at": position}, reviewer)["cases"]["nodes"] == []
    assert another.decide("approveCase", payload["case"]["id"], workConsistent=True, countedExperienceMonths=0)[
        "refusal"
    ]
