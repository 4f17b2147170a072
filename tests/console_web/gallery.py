"""A registry with the stories of ``make demo``, and an address for every page of the console in it, with whose page it is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.demo import Demo
from console.demo_catalog import CODE, CatalogStory
from console.talk import out
from domain.values import Role, shanghai_day
from infrastructure.composition import utc_now
from tests.api.conftest import XIHU, Api, opened
from tests.people import resident_number

FILES = {"/language", "/cases/{number}/evidence/{sha256}/file", "/cases/{number}/pack"}
"""Addresses that lead on, or answer with a file."""
CASES = """query { cases(first: 50) { nodes {
  id caseNumber status holder { ref name } evidence { sha256 } pendingProposal { kind } } } }"""


@dataclass(frozen=True)
class Place:
    """A page where it has something to show, and whose page it is."""

    address: str
    role: str | None
    subject: str | None = None


@dataclass(frozen=True)
class Gallery:
    """The registry, and where each page stands in it."""

    api: Api
    places: Mapping[str, Place]


@contextlib.contextmanager
def gallery(database: Any, folder: Path) -> Iterator[Gallery]:
    """Open a registry on a database, live through the stories, and say where each page is to be seen."""
    with opened(database, folder, utc_now, evidence_max_size=20 * 1024 * 1024) as api:  # type: ignore[arg-type]
        silent, out.quiet = out.quiet, True
        try:
            _live(api)
        finally:
            out.quiet = silent
        yield Gallery(api, _places(api))


def _live(api: Api) -> None:
    def token(role: Role, authority: str | None = None, subject: str | None = None) -> str:
        known = {each[2] for each in api._tokens if each[0] == role}
        return api.token(role.value, authority, subject or f"{role.value.lower()}-{len(known) + 1}")

    demo = Demo(f"{api.client.base_url}/graphql", token, "1")
    demo.approved()
    demo.refused()
    demo.revoked()
    demo.annulled()
    demo.victim()
    CatalogStory(demo, token, shanghai_day(datetime.now(UTC))).amended()
    waiting = api.submit(holder={"name": "吴桐", "idNumber": resident_number(7001)}, evidence=[_uploaded(api)])
    assert waiting["refusal"] is None, waiting
    supplement = api.submit(
        holder={"name": "郑楠", "idNumber": resident_number(7002)},
        certificate={"name": "AWS Certified", "issuingBody": ""},
    )
    assert supplement["refusal"] is None, supplement
    assert api.decide("requestSupplement", supplement["case"]["id"], reason="请补充证书复印件。")["refusal"] is None
    api.ask(
        """mutation ($input: AmendmentInput!) { proposeAmendment(input: $input) { refusal { message } } }""",
        {
            "input": {
                "catalogCode": CODE,
                "baseVersion": 5,
                "noticeNumber": "样例〔2026〕9号",
                "noticeTitle": "关于撤销两项条目的通知（样例）",
                "effectiveFrom": shanghai_day(datetime.now(UTC)).isoformat(),
                "changes": [{"kind": "WITHDRAWN", "number": 60, "reason": "停止颁发"}],
            }
        },
        api.token("ADMINISTRATOR", subject="administrator-chen"),
    )


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def _uploaded(api: Api) -> dict[str, Any]:
    answer = api.client.post(
        "/evidence",
        content=PNG,
        headers={
            "Authorization": f"Bearer {api.token('APPLICANT')}",
            "Content-Type": "image/png",
            "X-Holder-Id-Type": "RESIDENT_ID",
            "X-Holder-Id-Number": resident_number(7001),
        },
    )
    assert answer.status_code in {200, 201}, answer.text
    return {
        "sha256": answer.json()["sha256"],
        "fileName": "certificate.png",
        "mediaType": "image/png",
        "size": len(PNG),
        "kind": "CERTIFICATE",
    }


def _places(api: Api) -> Mapping[str, Place]:
    cases = api.ask(CASES, None, api.token("PRIVACY_OFFICER"))["cases"]["nodes"]
    by_status: dict[str, Any] = {each["status"]: each for each in cases}
    open_case = next(each for each in cases if each["holder"]["name"] == "吴桐")
    number, approved = open_case["caseNumber"], by_status["APPROVED"]
    page = api.client.get(f"/catalogs/{CODE}/versions").text
    assert re.search(r"versions/5", page)
    amendments = api.ask(
        "query ($code: String!) { amendments(catalogCode: $code) { id status } }",
        {"code": CODE},
        api.token("ADMINISTRATOR"),
    )["amendments"]
    proposed = next(each["id"] for each in amendments if each["status"] == "PROPOSED")
    applicant = "applicant-1"
    return {
        "/": Place("/", None),
        "/check": Place("/check?name=AWS+Certified&body=Amazon", None),
        "/verify": Place("/verify", None),
        "/catalogs": Place("/catalogs", None),
        "/catalogs/{code}": Place(f"/catalogs/{CODE}?q=AWS&level=INTERMEDIATE", None),
        "/catalogs/{code}/versions": Place(f"/catalogs/{CODE}/versions", None),
        "/catalogs/{code}/versions/{version:int}": Place(f"/catalogs/{CODE}/versions/4", None),
        "/catalogs/{code}/compare": Place(f"/catalogs/{CODE}/compare?a=1&b=5", None),
        "/catalogs/{code}/entries/{number:int}": Place(f"/catalogs/{CODE}/entries/11", None),
        "/sign-in": Place("/sign-in", None),
        "/language": Place("/language", None),
        "/reason": Place("/reason", "AUDITOR"),
        "/my": Place("/my", "APPLICANT", applicant),
        "/my/submit": Place("/my/submit", "APPLICANT", applicant),
        "/my/readers": Place("/my/readers", "APPLICANT", applicant),
        "/queue": Place("/queue", "REVIEWER"),
        "/inbox": Place("/inbox", "REVIEWER"),
        "/cases": Place("/cases", "REVIEWER"),
        "/cases/{number}": Place(f"/cases/{number}", "REVIEWER"),
        "/cases/{number}/history": Place(f"/cases/{by_status['REVOKED']['caseNumber']}/history", "AUDITOR"),
        "/cases/{number}/evidence/{sha256}": Place(
            f"/cases/{number}/evidence/{open_case['evidence'][0]['sha256']}?open=yes", "REVIEWER"
        ),
        "/cases/{number}/evidence/{sha256}/file": Place(
            f"/cases/{number}/evidence/{open_case['evidence'][0]['sha256']}/file", "REVIEWER"
        ),
        "/cases/{number}/{act}": Place(f"/cases/{number}/approve", "REVIEWER"),
        "/cases/{number}/rederive": Place(f"/cases/{approved['caseNumber']}/rederive?version=5", "AUDITOR"),
        "/cases/{number}/attestation": Place(f"/cases/{approved['caseNumber']}/attestation", "REVIEWER"),
        "/cases/{number}/pack": Place(f"/cases/{approved['caseNumber']}/pack", "AUDITOR"),
        "/audit": Place("/audit", "AUDITOR"),
        "/audit/log": Place("/audit/log", "AUDITOR"),
        "/audit/findings": Place("/audit/findings", "AUDITOR"),
        "/audit/outliers": Place("/audit/outliers", "AUDITOR"),
        "/audit/sample": Place("/audit/sample?seed=7&size=5", "AUDITOR"),
        "/accesses": Place("/accesses", "AUDITOR"),
        "/statistics": Place("/statistics?by=OUTCOME", "AUDITOR"),
        "/amendments": Place("/amendments", "ADMINISTRATOR"),
        "/amendments/new/{code}": Place(f"/amendments/new/{CODE}", "ADMINISTRATOR"),
        "/amendments/edit/{code}": Place(f"/amendments/edit/{CODE}?q=AWS", "ADMINISTRATOR"),
        "/amendments/edit/{code}/{number:int}": Place(f"/amendments/edit/{CODE}/58", "ADMINISTRATOR"),
        "/amendments/{id}": Place(f"/amendments/{proposed}", "ADMINISTRATOR"),
        "/persons": Place("/persons", "PRIVACY_OFFICER"),
        "/persons/{ref}": Place(f"/persons/{approved['holder']['ref']}", "PRIVACY_OFFICER"),
        "/persons/{ref}/{deed}": Place(f"/persons/{approved['holder']['ref']}/erase", "PRIVACY_OFFICER"),
        "/operations": Place("/operations", "ADMINISTRATOR"),
        "/operations/{kind}": Place("/operations/rebuild-read-models", "ADMINISTRATOR"),
    }


def authority_of(role: str | None) -> str:
    """Under which authority somebody in a role signs in."""
    return XIHU if role == "REVIEWER" else ""
