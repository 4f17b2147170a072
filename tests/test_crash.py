"""Killing the server and its database at random moments loses no acknowledged write and doubles none."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from console.http import GraphQLFailed, ask
from domain.values import Role
from infrastructure.identity import DevelopmentIssuer
from tests.people import resident_number

SUBMISSIONS = 200
WRITERS = 4
PATIENCE = 60.0
SUBMIT = """mutation ($input: SubmitCaseInput!) { submitCase(input: $input) {
    position refusal { code } case { caseNumber version } } }"""


@contextmanager
def serving(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``recognition serve`` in a process of its own, and its address."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DATABASE")}
    server = subprocess.Popen(
        [sys.executable, "-m", "console", "serve", "--port", "0"],
        env=environment
        | {"RECOGNITION_DATA_DIR": str(data_dir), "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            found = re.search(r"(http://\S+/graphql)", line)
            if found:
                yield server, found.group(1)
                break
        else:
            raise AssertionError("the server ended before it printed its address")
    finally:
        if server.poll() is None:
            server.terminate()
        server.wait(30)
        server.stdout.close()


def submit(url: str, token: str, number: int) -> dict[str, Any]:
    """One submission under a key of its own; a retry is the same submission."""
    form = {
        "idempotencyKey": f"crash-{number}",
        "holder": {"name": "王敏", "idNumber": resident_number(number)},
        "certificate": {"name": "CCNP", "issuingBody": "Cisco", "certificateNumber": f"C-{number}"},
        "authorityCode": "330106-EI",
        "workField": "数字经济",
    }
    payload: dict[str, Any] = ask(url, SUBMIT, {"input": form}, token)["submitCase"]
    return payload


def kill_everything(server: subprocess.Popen[str], data_dir: Path) -> None:
    """SIGKILL to the server and to every PostgreSQL process of its data directory, at once."""
    victims = [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres" and any(str(data_dir) in word for word in process.info["cmdline"] or [])
    ]
    assert victims, "no PostgreSQL runs for this data directory"
    children = [child for victim in victims for child in victim.children(recursive=True)]
    server.send_signal(signal.SIGKILL)
    for process in [*victims, *children]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    server.wait(30)


def test_sigkill_amid_submissions_loses_nothing_acknowledged(data_dir: Path) -> None:
    """200 submissions by 4 writers, server and database killed amid them; what was acknowledged is there, once."""
    token = DevelopmentIssuer(data_dir).issue(Role.APPLICANT, subject="applicant")
    acknowledged: dict[int, str] = {}
    with serving(data_dir) as (server, url), ThreadPoolExecutor(WRITERS + 1) as pool:

        def write(number: int) -> None:
            try:
                payload = submit(url, token, number)
            except GraphQLFailed:
                return
            if payload["refusal"] is None:
                acknowledged[number] = payload["case"]["caseNumber"]

        def strike() -> None:
            deadline = time.monotonic() + PATIENCE
            while len(acknowledged) < SUBMISSIONS // 3 and time.monotonic() < deadline:
                time.sleep(0.001)
            kill_everything(server, data_dir)

        killer = pool.submit(strike)
        for number in range(SUBMISSIONS):
            pool.submit(write, number)
        killer.result(60)
    assert SUBMISSIONS // 3 <= len(acknowledged) < SUBMISSIONS

    with serving(data_dir) as (_, url):
        reviewer = DevelopmentIssuer(data_dir).issue(Role.REVIEWER, subject="reviewer", authority="330106-EI")
        auditor = DevelopmentIssuer(data_dir).issue(Role.AUDITOR, subject="auditor")
        for number in range(SUBMISSIONS):
            payload = submit(url, token, number)
            assert payload["refusal"] is None
            assert acknowledged.setdefault(number, payload["case"]["caseNumber"]) == payload["case"]["caseNumber"]
        head = ask(url, "{ status { position } }", token=auditor)["status"]["position"]
        ask(
            url,
            'query ($p: Position) { titles(holder: {idNumber: "330106199003077013"}, atLeast: $p) { id } }',
            {"p": head},
            reviewer,
        )
        cases = ask(url, "{ cases(first: 200) { totalCount nodes { caseNumber version } } }", token=reviewer)["cases"]
        assert cases["totalCount"] == SUBMISSIONS
        assert {case["caseNumber"] for case in cases["nodes"]} == set(acknowledged.values())
        assert {case["version"] for case in cases["nodes"]} == {2}
