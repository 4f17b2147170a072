"""Nothing that a person is, or that somebody typed about one, lies anywhere in clear: not before an erasure either.

Every byte is searched: tables, logs of the database, its statistics and temporary files, a dump, the server's log, evidence.
"""

from __future__ import annotations

import hashlib
import logging
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from console.serving import build_app, served
from infrastructure.composition import open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.postgres.cluster import find_cluster
from infrastructure.settings import Settings
from tests.api.conftest import XIHU, Api, Clock, check_codes
from tests.folders import contents

NAME, NUMBER, CERTIFICATE = "诸葛镜澄", "330106198811223344", "QRX-88213-UNIKAT"
SENTENCE = f"This is to certify that {NAME}, ID {NUMBER}, has become AWS Certified Solutions Architect - Professional"
TYPED = {
    "holder": {"name": NAME, "idNumber": NUMBER},
    "workField": "Steinmetzzeichenkunde",
    "experience": [
        {
            "employer": "Glasharfenbau Irrlicht KG",
            "field": "Irrlichtvermessung",
            "from": "2019-01-01",
            "to": "2021-01-01",
        }
    ],
}
FILE_NAME, KIND = "诸葛镜澄-Zeugnis.pdf", "Geheimzeugnis"
STATEMENT = "Die Kartoffel gehörte Tante Quendolin"
GRADE, BODY = "Note Vierblatt", "Amazon Web Services, Zweigstelle Nebelheim"
TRANSFER, GROUND, FINDINGS = "Nachbarin rief an", "Siegel mit Kartoffel gedruckt", "Kartoffel in der Schublade gefunden"
NEEDLES = [
    NAME,
    NUMBER,
    CERTIFICATE,
    "qrx88213unikat",
    "Steinmetz",
    "Irrlicht",
    "Vierblatt",
    "Nebelheim",
    "Zeugnis",
    "Geheimzeugnis",
    "Nachbarin",
    "Kartoffel",
    "Quendolin",
    "certify that",
]
CONTENT = b"%PDF-1.7 " + f"{NAME} {NUMBER} ".encode() * 2000


@pytest.fixture
def own(data_dir: Path, clock: Clock) -> Iterator[Api]:
    """A registry with a database of its own in its data folder, so that every byte of it can be searched."""
    folder = data_dir
    with (
        open_registry(Settings(data_dir=folder, database_url=None, database_owner_url=None), clock) as registry,
        socket.create_server(("127.0.0.1", 0)) as listener,
        served(build_app(registry), listener),
        httpx.Client(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            timeout=60,
            event_hooks={"response": [check_codes]},
        ) as client,
    ):
        yield Api(client, registry, DevelopmentIssuer(folder), clock)


def tell_the_story(api: Api) -> tuple[str, str]:
    """A certificate typed as a sentence, evidence, a transfer and back, a title and its revocation; the case and the holder."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    applicant, reviewer = api.token("APPLICANT"), api.token("REVIEWER", XIHU)
    headers = {"X-Holder-Id-Number": NUMBER, "Content-Type": "application/pdf", "Authorization": f"Bearer {applicant}"}
    assert api.client.post("/evidence", content=CONTENT, headers=headers).status_code == 201
    evidence = {
        "sha256": sha256,
        "fileName": FILE_NAME,
        "mediaType": "application/pdf",
        "size": len(CONTENT),
        "kind": KIND,
    }
    certificate = {"name": SENTENCE, "issuingBody": BODY, "grade": GRADE, "certificateNumber": CERTIFICATE}
    case = api.submit(**TYPED, certificate=certificate, evidence=[evidence])["case"]
    confirmed = api.decide("confirmMatch", case["id"], entryNumber=63, reason=f"{NAME} showed it: {SENTENCE}")
    assert confirmed["refusal"] is None
    api.decide("requestSupplement", case["id"], reason=TRANSFER)
    api.decide("supplementCase", case["id"], applicant, evidence=[evidence | {"kind": "Abschrift Vierblatt"}])
    assert api.decide("approveCase", case["id"], reviewer, workConsistent=True, countedExperienceMonths=3)["case"]
    api.decide("proposeRevocation", case["id"], ground=GROUND, findings=FINDINGS)
    api.decide("giveNotice", case["id"], servedOn="2026-11-23")
    api.decide("answerProposal", case["id"], applicant, statement=STATEMENT)
    done = api.decide("confirmRevocation", case["id"], api.token("REVIEWER", XIHU, "another"))
    assert done["case"]["status"] == "REVOKED"
    read = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) {
        holder { ref name } workField certificate { name } history { reason data } } }"""
    seen = api.ask(read, {"id": case["id"], "p": done["position"]}, reviewer)["case"]
    assert (seen["holder"]["name"], seen["certificate"]["name"]) == (NAME, SENTENCE)
    assert seen["workField"] == TYPED["workField"]
    verify = "query ($c: String!, $n: String!) { verifyTitle(certificateNumber: $c, holderName: $n) { known } }"
    assert api.ask(verify, {"c": CERTIFICATE, "n": NAME})["verifyTitle"]["known"]
    return case["id"], seen["holder"]["ref"]


def found_in(folder: Path, needles: list[str]) -> list[tuple[str, str]]:
    """Which needles stand in which files below a folder, in any of the encodings in which text is stored."""
    found = []
    for path, content in contents(folder).items():
        for needle in needles:
            forms = {needle.encode(form) for form in ("utf-8", "utf-16-le", "gb18030")}
            forms |= {needle.encode("unicode_escape"), needle.encode().hex().encode()}
            found += [(needle, str(path.relative_to(folder))) for form in forms if form in content]
    return found


def settle(api: Api, into: Path) -> None:
    """Let the database write down everything it has, statistics included, and dump it."""
    with psycopg.connect(api.registry.database.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    pg_dump = find_cluster(api.registry.settings.data_dir).bin / "pg_dump"
    into.write_bytes(
        subprocess.run(
            [pg_dump, "--dbname", api.registry.database.owner_url],
            capture_output=True,
            check=True,
        ).stdout
    )


def test_every_byte_is_searched_and_tells_nobody(own: Api, data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Names, numbers, certificates typed as sentences, reasons, grounds, file names: sealed wherever they lie, from the first moment."""
    caplog.set_level(logging.DEBUG)
    tell_the_story(own)
    settle(own, data_dir / "dump.sql")
    assert b"registry.events" in (data_dir / "dump.sql").read_bytes()
    assert found_in(data_dir, ["recognition-case.revoked"])
    assert found_in(data_dir, NEEDLES) == []
    assert [needle for needle in NEEDLES if needle in caplog.text] == []
