"""One realistic sequence of amendments, and the same questions on five days and at two instants, answered by hand.

    version  issued      effective   what
    1        2026-11-23  2023-11-01  the official notice, 100 entries; known from 10:00 on the day the registry is opened
    2        2026-11-23  2023-11-01  erratum: entry 11 lacks 技 in 信息系统技术方向
    3        2026-11-24  2026-12-01  addition of entries 101 to 105
    4        2026-11-25  2027-01-01  revision: entries 72 and 73, the American Welding Society renamed
    5        2026-11-26  2027-03-01  withdrawal of entries 46 and 54, with rematchPending

Of the versions issued by an instant and effective on a day, the one with the highest number is in force.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.catalogs import CODE, added, amend, amendment, revised, withdrawn
from tests.api.conftest import Api, Clock
from tests.api.test_rematching import eventually, state, stream

RETIRED = {
    "name": "Designing Business Intelligence Solutions with Microsoft SQL Server",
    "issuingBody": "微软（Microsoft）",
}
WELDER = {"name": "Certified Welding Inspector", "issuingBody": "美国焊接协会（American Welding Society）"}
RENAMED = {"name": "Certified Welding Inspector", "issuingBody": "全美焊接技术联合会"}
NEW = {"name": "Cisco Certified Quantum Router", "issuingBody": "思科（Cisco）"}
OLD_BODY, NEW_BODY = "美国焊接协会 （American Welding Society）", "全美焊接技术联合会（American Welding Society）"
ADDED = ["Quantum Router", "Optical Planner", "Satellite Operator", "Edge Builder", "Campus Auditor"]

DAYS = ["2023-11-01", "2026-11-30", "2026-12-01", "2027-01-01", "2027-03-01"]
BEFORE, AFTER = "2026-11-24T12:00:00+08:00", "2027-03-02T12:00:00+08:00"
"""Two instants of knowledge: after versions 2 and 3 were issued, and after everything."""
IN_FORCE = {BEFORE: [2, 2, 3, 3, 3], AFTER: [2, 2, 3, 4, 5]}
"""By hand. At the first instant versions 4 and 5 are not known yet, so 3 stays in force from 2026-12-01 on."""
CONTENT = {
    # version: entries, translated name of 11 is corrected, 101 is there, body of 72, 46 is there
    2: (100, True, False, OLD_BODY, True),
    3: (105, True, True, OLD_BODY, True),
    4: (105, True, True, NEW_BODY, True),
    5: (103, True, True, NEW_BODY, False),
}
MATCHED = {
    # day: entry that the retired, the new and the welding certificate match automatically
    "2023-11-01": (46, None, 72),
    "2026-11-30": (46, None, 72),
    "2026-12-01": (46, 101, 72),
    "2027-01-01": (46, 101, 72),
    "2027-03-01": (None, 101, 72),
}
VERSION = """query ($code: String!, $on: Date, $at: DateTime) { catalog(code: $code) { version(effectiveOn: $on, knownAt: $at) {
    number entryCount e11: entry(number: 11) { translatedName } e101: entry(number: 101) { number }
    e72: entry(number: 72) { issuingBody } e46: entry(number: 46) { number } } } }"""
MATCH = """query ($certificate: CertificateInput!, $on: Date) { matchCertificate(certificate: $certificate, on: $on) {
    outcome entry { number } catalogVersion { number } } }"""
TITLES = """query ($number: String!, $asOf: DateTime, $p: Position) {
    titles(holder: {idNumber: $number}, asOf: $asOf, atLeast: $p) { title status catalogVersion { number } entry { number issuingBody } } }"""
HOLDER = "330106199003077013"


def at(clock: Clock, day: str) -> None:
    """Noon in Shanghai on a day."""
    clock.now = datetime.fromisoformat(f"{day}T04:00:00+00:00").astimezone(UTC)


def issue_everything(api: Api, clock: Clock) -> dict[str, Any]:
    """The sequence, a title before it, and three pending cases amid it; what was submitted."""
    cases = {"welder": api.approved(certificate=WELDER, holder={"name": "王敏", "idNumber": HOLDER})}
    at(clock, "2026-11-23")
    erratum = revised(api, 11, translatedName="电子技术员-信息系统技术方向")
    amend(api, amendment(1, "2023-11-01", erratum, erratum=True))
    at(clock, "2026-11-24")
    clock.now = clock.now.replace(hour=2)
    news = [added(101 + n, f"Cisco Certified {name}", f"思科认证样例{n + 1}") for n, name in enumerate(ADDED)]
    amend(api, amendment(2, "2026-12-01", *news))
    at(clock, "2026-11-25")
    renamed = [revised(api, number, issuingBody=NEW_BODY) for number in (72, 73)]
    amend(api, amendment(3, "2027-01-01", *renamed))
    cases["retired"] = api.submit(certificate=RETIRED)
    at(clock, "2026-11-26")
    amend(api, amendment(4, "2027-03-01", withdrawn(46), withdrawn(54), rematchPending=True))
    cases["early"] = api.submit(certificate=NEW)
    at(clock, "2027-03-02")
    cases["late"] = api.submit(certificate=RETIRED)
    return cases


@pytest.fixture
def cases(api: Api, clock: Clock) -> dict[str, Any]:
    """The sequence has happened; it is 2027-03-02."""
    return issue_everything(api, clock)


def test_the_sequence_is_answered_for_five_days_and_two_instants(api: Api, cases: dict[str, Any]) -> None:
    """Versions, matches, titles and pending cases, each as derived by hand above."""
    for instant, numbers in IN_FORCE.items():
        for day, number in zip(DAYS, numbers, strict=True):
            version = api.ask(VERSION, {"code": CODE, "on": day, "at": instant})["catalog"]["version"]
            count, corrected, new, body, retired = CONTENT[number]
            assert version == {
                "number": number,
                "entryCount": count,
                "e11": {"translatedName": f"电子技术员-信息系统{'技' if corrected else ''}术方向"},
                "e101": {"number": 101} if new else None,
                "e72": {"issuingBody": body},
                "e46": {"number": 46} if retired else None,
            }
    first = api.ask(VERSION, {"code": CODE, "on": DAYS[0], "at": "2026-11-23T10:30:00+08:00"})["catalog"]["version"]
    assert (first["number"], first["e11"]["translatedName"]) == (1, "电子技术员-信息系统术方向")

    for (day, expected), number in zip(MATCHED.items(), IN_FORCE[AFTER], strict=True):
        for certificate, entry in zip((RETIRED, NEW, WELDER), expected, strict=True):
            match = api.ask(MATCH, {"certificate": certificate, "on": day})["matchCertificate"]
            assert match["catalogVersion"]["number"] == number
            assert (match["entry"] or {"number": None})["number"] == entry, (day, certificate)

    # Before the revision nobody knew that name of the body; from then on it is one of its names, and the old one stays.
    for day, entry in (("2026-12-01", None), ("2027-01-01", 72)):
        match = api.ask(MATCH, {"certificate": RENAMED, "on": day})["matchCertificate"]
        assert (match["entry"] or {"number": None})["number"] == entry

    verifier, position = api.token("VERIFIER"), cases["welder"]["position"]
    pinned = {
        "title": "工程师",
        "status": "CURRENT",
        "catalogVersion": {"number": 1},
        "entry": {"number": 72, "issuingBody": OLD_BODY},
    }
    for day in DAYS[1:]:
        asked = {"number": HOLDER, "asOf": f"{day}T12:00:00+08:00", "p": position}
        assert api.ask(TITLES, asked, verifier)["titles"] == [pinned]
    asked = {"number": HOLDER, "asOf": f"{DAYS[0]}T12:00:00+08:00", "p": position}
    assert api.ask(TITLES, asked, verifier)["titles"] == []
    assert api.ask(TITLES, {"number": HOLDER, "p": position}, verifier)["titles"] == [pinned]

    retired, early, late = (stream(cases[name]) for name in ("retired", "early", "late"))
    eventually(lambda: state(api, retired)[1] == state(api, early)[1] == 5)
    assert state(api, retired) == ("SUBMITTED", 5, None)
    assert state(api, early) == ("MATCHED", 5, 101)
    assert state(api, late) == ("SUBMITTED", 5, None)


def test_versions_tell_their_changes_and_entries_their_history(api: Api, cases: dict[str, Any]) -> None:
    """What each version changed, and from when to when each holds."""
    assert set(cases) == {"welder", "retired", "early", "late"}
    document = """query ($code: String!) { catalog(code: $code) {
        versions { number effectiveFrom effectiveUntil erratum changes { kind number fields { name } } }
        e46: entryHistory(number: 46) { fromVersion untilVersion } e72: entryHistory(number: 72) { fromVersion untilVersion }
        e105: entryHistory(number: 105) { fromVersion untilVersion } } }"""
    catalog = api.ask(document, {"code": CODE})["catalog"]
    assert [
        (v["number"], v["effectiveFrom"], v["effectiveUntil"], v["erratum"], [c["number"] for c in v["changes"]])
        for v in catalog["versions"]
    ] == [
        (1, "2023-11-01", "2023-11-01", False, []),
        (2, "2023-11-01", "2026-12-01", True, [11]),
        (3, "2026-12-01", "2027-01-01", False, [101, 102, 103, 104, 105]),
        (4, "2027-01-01", "2027-03-01", False, [72, 73]),
        (5, "2027-03-01", None, False, [46, 54]),
    ]
    assert [field["name"] for field in catalog["versions"][3]["changes"][0]["fields"]] == ["issuingBody"]
    assert catalog["e46"] == [{"fromVersion": 1, "untilVersion": 5}]
    assert catalog["e72"] == [{"fromVersion": 1, "untilVersion": 4}, {"fromVersion": 4, "untilVersion": None}]
    assert catalog["e105"] == [{"fromVersion": 3, "untilVersion": None}]
