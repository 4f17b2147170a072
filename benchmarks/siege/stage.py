"""Where the siege takes place: a server in a process of its own on an embedded PostgreSQL, with cases the program makes.

The server runs as an installation does, with an identity provider's key set (here that of a development issuer, as a file), so the
rates of an installation hold unless they are set to 0.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid5

import psutil

from domain.identifiers import NAMESPACE
from domain.identity_numbers import resident_check_character
from domain.values import Role
from infrastructure.identity import DEVELOPMENT_ISSUER, DevelopmentIssuer

AUTHORITY: Final = "330106-EI"
PDF: Final = b"%PDF-1.7\n" + bytes(range(256)) * (4 * 1024 * 16)
"""An evidence file of 16 MB."""
_SUBMIT: Final = """mutation ($input: SubmitCaseInput!) { submitCase(input: $input) {
    position refusal { code message } case { id caseNumber } } }"""
_APPROVE: Final = """mutation ($case: ID!) { approveCase(caseId: $case, workConsistent: true, countedExperienceMonths: 12) {
    position refusal { code message } } }"""
_ASK_MORE: Final = """mutation ($case: ID!, $reason: String!) { requestSupplement(caseId: $case, reason: $reason) {
    refusal { code message } } }"""
_GIVE_MORE: Final = """mutation ($case: ID!, $files: [EvidenceInput!]!) { supplementCase(caseId: $case, evidence: $files) {
    position refusal { code message } } }"""


def person(number: int) -> dict[str, str]:
    """A holder with a number that is well formed."""
    day, month, year = number // 1000 % 28 + 1, number // 28_000 % 12 + 1, 1950 + number // 336_000
    first = f"330106{year}{month:02d}{day:02d}{number % 1000:03d}"
    return {"name": f"王敏{number}", "idNumber": first + resident_check_character(first)}


def form(number: int, key: str = "siege") -> dict[str, Any]:
    """A submission that matches by itself."""
    return {
        "idempotencyKey": f"{key}-{number}",
        "holder": person(number),
        "certificate": {
            "name": "AWS Certified Solutions Architect - Professional",
            "issuingBody": "Amazon Web Services",
            "certificateNumber": f"{key.upper()}-{number:06d}",
        },
        "authorityCode": AUTHORITY,
        "workField": "数字经济",
        "experience": [{"employer": "Example GmbH", "from": "2018-01-01", "to": "2022-12-31", "field": "cloud"}],
        "evidence": [
            {
                "sha256": "ab" * 32,
                "fileName": "a.pdf",
                "mediaType": "application/pdf",
                "size": 1234,
                "kind": "CERTIFICATE",
            }
        ],
    }


@dataclass
class Stage:
    """A running server, who may call it, and what is known to be in it."""

    folder: Path
    server: subprocess.Popen[str]
    port: int
    issuer: DevelopmentIssuer
    cases: list[str] = field(default_factory=list)
    long_case: str = ""
    file_case: str = ""
    position: str = "0"

    @property
    def url(self) -> str:
        """Where operations go."""
        return f"http://127.0.0.1:{self.port}/graphql"

    def token(self, role: Role, subject: str) -> str:
        """A token; a reviewer's is for the authority of all cases, and says who they are."""
        if role is not Role.REVIEWER:
            return self.issuer.issue(role, subject=subject)
        return self.issuer.issue(role, subject=subject, authority=AUTHORITY, holder=uuid5(NAMESPACE, subject))

    def memory(self) -> int:
        """Bytes the server's process holds in memory, without its database."""
        return int(psutil.Process(self.server.pid).memory_info().rss)

    def ask(self, document: str, variables: dict[str, Any], token: str | None = None) -> dict[str, Any]:
        """Send an operation that must succeed. Raises ``RuntimeError`` where it is refused."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        body = json.dumps({"query": document, "variables": variables}).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=60) as response:
            answered = json.load(response)
        data: dict[str, Any] = answered.get("data") or {}
        refusals = [each["refusal"] for each in data.values() if isinstance(each, dict) and each.get("refusal")]
        if answered.get("errors") or refusals:
            raise RuntimeError(f"The server refused what the siege needs: {(answered.get('errors') or refusals)[0]}")
        return data

    def fill(self, count: int, supplements: int) -> None:
        """Submit cases, approve three in four, give one a long history and one a large file."""
        applicant, reviewer = self.token(Role.APPLICANT, "office"), self.token(Role.REVIEWER, "reviewer")

        def one(number: int) -> tuple[str, str]:
            answered = self.ask(_SUBMIT, {"input": form(number)}, applicant)["submitCase"]
            case, position = answered["case"]["id"], answered["position"]
            if number % 4:
                position = self.ask(_APPROVE, {"case": case}, reviewer)["approveCase"]["position"]
            return case, position

        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(one, range(count)))
        self.cases = [case for case, _ in made]
        self.long_case, self.file_case = self.cases[0], self.cases[4]
        for number in range(supplements):
            self.ask(_ASK_MORE, {"case": self.long_case, "reason": f"第{number}次补充材料"}, reviewer)
            self.ask(_GIVE_MORE, {"case": self.long_case, "files": [stated(number.to_bytes(4, "big"))] * 5}, applicant)
        self._upload(applicant)
        self.ask(_ASK_MORE, {"case": self.file_case, "reason": "请补充材料"}, reviewer)
        given = self.ask(_GIVE_MORE, {"case": self.file_case, "files": [stated(PDF)]}, applicant)
        self.position = given["supplementCase"]["position"]

    def _upload(self, token: str) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/evidence?case={self.file_case}",
            PDF,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/pdf"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            response.read()

    def wait_until_projected(self) -> None:
        """Return once the read side shows all that was made."""
        document = "query ($at: Position!) { catalogs(atLeast: $at) { code } }"
        for _ in range(60):
            with contextlib.suppress(RuntimeError):
                self.ask(document, {"at": self.position})
                return
            time.sleep(0.5)
        raise RuntimeError("The read side did not come to what the siege made.")


def stated(content: bytes) -> dict[str, Any]:
    """A file as a supplement states it."""
    digest = hashlib.sha256(content).hexdigest()
    return {"sha256": digest, "fileName": "a.pdf", "mediaType": "application/pdf", "size": len(content), "kind": "学历"}


@contextlib.contextmanager
def staged(folder: Path, log: Path, **settings: str) -> Iterator[Stage]:
    """``recognition serve`` on a data directory; ``settings`` are RECOGNITION_… variables without that word."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # the embedded server's own user has to get in
    issuer = DevelopmentIssuer(folder)
    keys = folder / "jwks.json"
    keys.write_bytes(issuer.jwks())
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "RECOGNITION"))
    }
    environment |= {
        "RECOGNITION_DATA_DIR": str(folder),
        "RECOGNITION_JWKS": str(keys),
        "RECOGNITION_TOKEN_ISSUER": DEVELOPMENT_ISSUER,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "COLUMNS": "200",
    } | {f"RECOGNITION_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "console", "serve", "--port", "0"]
    with log.open("a", encoding="utf-8") as errors:
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert server.stdout is not None
    try:
        for line in server.stdout:
            found = re.search(r"http://[^/]+:(\d+)/graphql", line)
            if found:
                yield Stage(folder, server, int(found[1]), issuer)
                break
        else:
            raise RuntimeError(f"The server ended before it printed its address; {log} says why.")
    finally:
        if server.poll() is None:
            server.terminate()
        server.wait(30)
        server.stdout.close()
