"""Whatever becomes of a case by the use cases, its pack raises no alarm, and what can be derived is."""

from __future__ import annotations

from typing import Any

from application.rematching import Rematching
from infrastructure.rematching import ProjectedPendingCases
from tests.api.catalogs import added, amend, amendment, withdrawn
from tests.api.conftest import COPY, HANGZHOU
from tests.pack.conftest import MATCHED_BY, Archive, verified

CISCO = {"issuingBody": "思科（Cisco）"}
PENDING = {"handed on", "matched by hand", "withdrawn entry", "added entry"}
"""Cases that an amendment still moves."""
READ = tuple(each for each in MATCHED_BY if each != "certificate.grade")


def moved(archive: Archive) -> None:
    """Pending cases, matched anew."""
    registry = archive.api.registry
    registry.projections.run_until_caught_up()
    pending = ProjectedPendingCases(registry.database)
    process = Rematching(
        registry.journal,
        registry.shelf,
        pending,
        registry.authorities,
        registry.holders,
        registry.clock,
        registry.rules,
    )
    assert list(process.run())


def test_cases_of_every_course(archive: Archive) -> None:
    """Given back, rejected, withdrawn, supplemented, handed on, matched by hand, graded, contested, and moved by an amendment."""
    api = archive.api
    numbers: dict[str, dict[str, Any]] = {}

    def begun(course: str, **changes: Any) -> str:
        numbers[course] = api.submit(**changes)["case"]
        return str(numbers[course]["id"])

    def done(mutation: str, case: str, token: str | None = None, **facts: Any) -> None:
        assert api.decide(mutation, case, token, **facts)["refusal"] is None

    given_back = begun("given back")
    done("approveCase", given_back, workConsistent=True, countedExperienceMonths=12)
    assert api.revoked(given_back)["refusal"] is None
    assert api.reinstated(given_back)["refusal"] is None
    done("rejectCase", begun("rejected"), reason="no")
    done("withdrawCase", begun("withdrawn"), api.token("APPLICANT"), reason="my mistake")
    supplemented = begun("supplemented")
    done("requestSupplement", supplemented, reason="the copy is blurred")
    done("supplementCase", supplemented, api.token("APPLICANT"), evidence=[COPY])
    done("approveCase", supplemented, workConsistent=False, countedExperienceMonths=0)
    done("transferCase", begun("handed on"), authorityCode=HANGZHOU, reason="works there")
    by_hand = begun("matched by hand", certificate={"name": "AWS", "issuingBody": "Amazon"})
    done("confirmMatch", by_hand, entryNumber=58, reason="read the certificate")
    begun("withdrawn entry", certificate=CISCO | {"name": "Cisco Certified Architect"})
    begun("added entry", certificate=CISCO | {"name": "Cisco Certified Quantum Router"})
    new = added(101, "Cisco Certified Quantum Router", "思科认证量子路由")
    amend(api, amendment(1, "2026-11-23", withdrawn(41), new, rematchPending=True))
    moved(archive)
    archive.sign()
    for course, case in numbers.items():
        found = verified(archive.export(case["caseNumber"], *READ).data, archive.vkey)
        assert found.matches == (2 if course in PENDING else 1), course
        assert not any("match" in each.key for each in found.remarks), course
    title = verified(archive.export(numbers["given back"]["caseNumber"], "ground", "reason").data, archive.vkey)
    assert (title.title_status, title.remarks[1:]) == ("CURRENT", ())
