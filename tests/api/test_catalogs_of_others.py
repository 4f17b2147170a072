"""Catalogs as other provinces have them: further levels and fields, several in force, new editions, an end (article 5)."""

from __future__ import annotations

from typing import Any

from tests.api.catalogs import CODE, administrator, amend, amendment, propose, withdrawn
from tests.api.conftest import XIHU, Api
from tests.api.test_further_catalogs import ARCHITECT, FURTHER, NURSE, entry, form, published
from tests.api.test_further_catalogs import propose as propose_catalog

FURTHER_FIELDS = {
    "label": "A1",
    "country": "德国",
    "series": "工程",
    "tier": "第一批",
    "conditions": "学士，工作满五年",
    "validUntil": "2030-12-31",
    "remark": "限本省",
}
ALL = ["JUNIOR", "INTERMEDIATE", "ASSOCIATE_SENIOR", "SENIOR"]
SENIOR = [{"title": "高级工程师", "level": "ASSOCIATE_SENIOR"}]
ENTRY = "number label country series tier conditions validUntil remark field awards { title level }"
PREVIEW = """query ($input: CatalogInput!) { previewCatalog(input: $input) {
    entryCount refusals { code field } notes { code message field } } }"""
MATCH = """query ($certificate: CertificateInput!, $on: Date) { matchCertificate(certificate: $certificate, on: $on) {
    outcome entry { number catalogCode } award { level } candidates { entry { number catalogCode } reasons }
    catalogVersion { catalogCode } } }"""
IN_FORCE = """query ($on: Date!) { catalog(code: "zj-2023-digital-equipment-materials") {
    endsOn version(effectiveOn: $on) { number endsOn effectiveUntil } } }"""


def match(api: Api, certificate: dict[str, str], on: str | None = None) -> dict[str, Any]:
    """What a certificate is."""
    found: dict[str, Any] = api.ask(MATCH, {"certificate": certificate, "on": on})["matchCertificate"]
    return found


def preview(api: Api, **changes: Any) -> dict[str, Any]:
    """A further catalog, looked at before it is proposed."""
    seen: dict[str, Any] = api.ask(PREVIEW, {"input": form(**changes)}, administrator(api))["previewCatalog"]
    return seen


def test_an_entry_says_all_that_its_notice_says(api: Api) -> None:
    """Label, country, series, tier, conditions, validity, remark and a senior level go in and come out, found by each field."""
    content = entry(1, NURSE) | FURTHER_FIELDS | {"awards": SENIOR, "field": "生物医药、材料"}
    published(api, entries=[content], levels=ALL, departments=["甲厅", "乙厅"])
    asked = f"""query ($field: String) {{ catalog(code: "{FURTHER}") {{ version {{ levels departments
        entries(field: $field) {{ nodes {{ {ENTRY} }} }} }} }} }}"""
    for field, count in (("材料", 1), ("生物医药", 1), ("生物医药、材料", 1), ("医药", 0)):
        version = api.ask(asked, {"field": field})["catalog"]["version"]
        assert len(version["entries"]["nodes"]) == count
    version = api.ask(asked)["catalog"]["version"]
    assert (version["levels"], version["departments"]) == (ALL, ["甲厅", "乙厅"])
    [node] = version["entries"]["nodes"]
    assert node == {"number": 1, "field": "生物医药、材料", "awards": SENIOR, **FURTHER_FIELDS}
    assert match(api, NURSE)["award"] == {"level": "ASSOCIATE_SENIOR"}


def test_a_level_that_the_notice_does_not_award_is_refused_in_one_sentence(api: Api) -> None:
    """The official notice awards two levels; a further one awards those it states, and the two where it states none."""
    senior = {"kind": "ADDED", "number": 101, "entry": entry(101, NURSE) | {"awards": SENIOR}}
    refusal = propose(api, amendment(1, "2099-01-01", senior))["refusal"]
    assert refusal == {
        "code": "LEVEL_NOT_AWARDED",
        "field": "changes",
        "message": "Entry 101 awards a title of the level ASSOCIATE_SENIOR, and the notice awards JUNIOR, INTERMEDIATE only; correct the level, or state "
        "the levels that the notice awards.",
    }
    entries = [entry(1, NURSE) | {"awards": SENIOR}]
    assert propose_catalog(api, form(entries=entries))["refusal"]["code"] == "LEVEL_NOT_AWARDED"
    assert propose_catalog(api, form(entries=entries, levels=ALL))["refusal"] is None


def test_candidates_of_all_catalogs_in_force_are_offered(api: Api) -> None:
    """A name that several may mean is answered from both catalogs, and the case is pinned where its reviewer confirms."""
    published(api, entries=[entry(3, {"name": "Certified Architect", "issuingBody": "Bayern Institute"})])
    asked = {"name": "Certified Architect"}
    places = {(each["entry"]["catalogCode"], each["entry"]["number"]) for each in match(api, asked)["candidates"]}
    assert {(CODE, 41), (FURTHER, 3)} <= places
    case = api.submit(certificate=asked)["case"]
    confirmed = api.decide("confirmMatch", case["id"], entryNumber=3, reason="read", catalogCode=FURTHER)
    assert confirmed["refusal"] is None
    pinned = api.ask(
        """query ($id: ID!, $at: Position!) { case(id: $id, atLeast: $at) {
            catalogVersion { catalogCode } entry { number catalogCode } } }""",
        {"id": case["id"], "at": confirmed["position"]},
        api.token("REVIEWER", XIHU),
    )["case"]
    assert pinned == {"catalogVersion": {"catalogCode": FURTHER}, "entry": {"number": 3, "catalogCode": FURTHER}}


def test_one_qualification_with_one_award_is_no_question(api: Api) -> None:
    """A further catalog that lists an official entry again, with its award, changes nothing and warns nobody."""
    same = entry(7, ARCHITECT) | {"translatedName": "思科认证架构师"}
    assert preview(api, entries=[same]) == {"entryCount": 1, "refusals": [], "notes": []}
    published(api, entries=[same])
    found = match(api, ARCHITECT)
    assert (found["outcome"], found["entry"]) == ("EXACT", {"number": 41, "catalogCode": CODE})


def test_whoever_proposes_an_overlapping_catalog_is_warned(api: Api) -> None:
    """An entry that the official catalog has too and awards otherwise is named before anybody signs; refusals are too."""
    other = entry(7, ARCHITECT) | {"awards": [{"title": "助理工程师", "level": "JUNIOR"}]}
    seen = preview(api, entries=[entry(1, NURSE), other])
    [note] = seen["notes"]
    proposal = propose_catalog(api, form(entries=[entry(1, NURSE), other]))["proposal"]["id"]
    listed = api.ask("{ catalogProposals { id notes { code message field } } }", None, administrator(api))
    assert listed["catalogProposals"] == [{"id": proposal, "notes": [note]}]
    assert (note["code"], note["field"]) == ("CATALOG_OVERLAP", "entries")
    assert "Entry 7" in note["message"]
    assert f"entry 41 of {CODE}" in note["message"]
    assert preview(api, entries=[], code="Not A Code")["refusals"] == [{"code": "INVALID_INPUT", "field": "code"}]
    assert preview(api, entries=[])["refusals"] == [{"code": "NO_CHANGES", "field": "entries"}]


def test_the_field_of_the_work_decides_between_catalogs(api: Api) -> None:
    """Both match by themselves and award otherwise: the catalog whose entry is of the case's field takes it, else a reviewer."""
    other = entry(7, ARCHITECT) | {"awards": [{"title": "助理工程师", "level": "JUNIOR"}]}
    published(api, entries=[other])
    assert match(api, ARCHITECT)["outcome"] == "AMBIGUOUS"
    found = api.submit(certificate=ARCHITECT, workField="生物医药")["case"]
    assert (found["status"], found["entry"]) == ("MATCHED", {"number": 7})


def test_an_entry_is_not_matched_after_the_day_its_notice_lists_it_to(api: Api) -> None:
    """On its last day by itself; afterwards a reviewer reads why."""
    published(api, entries=[entry(1, NURSE) | {"validUntil": "2024-06-30"}])
    assert match(api, NURSE, "2024-06-30")["outcome"] == "EXACT"
    found = match(api, NURSE, "2024-07-01")
    assert (found["outcome"], found["entry"]) == ("AMBIGUOUS", None)
    assert "2024-06-30" in found["candidates"][0]["reasons"][-1]


def test_an_amendment_that_brings_in_an_entry_of_another_catalog_is_told(api: Api) -> None:
    """The official catalog comes to list what a further one has, with another award: told in the preview, not refused."""
    published(api)
    new = {
        "kind": "ADDED",
        "number": 101,
        "entry": entry(101, NURSE) | {"awards": [{"title": "助理工程师", "level": "JUNIOR"}]},
    }
    asked = "query ($input: AmendmentInput!) { previewAmendment(input: $input) { refusals { code } notes { code message } } }"
    seen = api.ask(asked, {"input": amendment(1, "2099-01-01", new)}, administrator(api))["previewAmendment"]
    assert seen["refusals"] == []
    assert [note["code"] for note in seen["notes"]] == ["CATALOG_OVERLAP"]
    assert f"entry 1 of {FURTHER}" in seen["notes"][0]["message"]


def test_an_edition_renumbers_and_a_certificate_still_finds_its_entry(api: Api) -> None:
    """41 takes the number of 42, which is withdrawn: shown before it is signed, aliases follow, history keeps both."""
    number = {"kind": "RENUMBERED", "number": 41, "newNumber": 42}
    edition = amendment(1, "2026-12-01", withdrawn(42), number)
    shown = api.ask(
        """query ($input: AmendmentInput!) { previewAmendment(input: $input) { refusals { code }
            changes { kind number newNumber before { number } after { number qualificationName } }
            aliasChanges { kind numbers } } }""",
        {"input": edition},
        administrator(api),
    )["previewAmendment"]
    assert shown["refusals"] == []
    assert shown["changes"][1] == {
        "kind": "RENUMBERED",
        "number": 41,
        "newNumber": 42,
        "before": {"number": 41},
        "after": {"number": 42, "qualificationName": "Cisco Certified Architect"},
    }
    assert {41, 42} >= {n for each in shown["aliasChanges"] for n in each["numbers"] if n in {41, 42}}
    amend(api, edition)
    found = match(api, ARCHITECT, "2026-12-01")
    assert found["entry"] == {"number": 42, "catalogCode": CODE}
    history = api.ask(
        f'{{ catalog(code: "{CODE}") {{ entryHistory(number: 42) {{ qualificationName fromVersion untilVersion }} }} }}'
    )["catalog"]["entryHistory"]
    assert [(each["fromVersion"], each["untilVersion"]) for each in history] == [(1, 2), (2, None)]


def test_a_catalog_ends_on_its_day(api: Api) -> None:
    """In force on the last day and not after it, where nothing matches any more; an end before the beginning is refused."""
    early = propose(api, amendment(1, "2026-12-01", endsOn="2026-11-30"))["refusal"]
    assert (early["code"], early["field"]) == ("ENDS_TOO_EARLY", "endsOn")
    amend(api, amendment(1, "2026-12-01", endsOn="2026-12-31"))
    last = api.ask(IN_FORCE, {"on": "2026-12-31"})["catalog"]
    assert last == {
        "endsOn": "2026-12-31",
        "version": {"number": 2, "endsOn": "2026-12-31", "effectiveUntil": "2027-01-01"},
    }
    assert api.ask(IN_FORCE, {"on": "2027-01-01"})["catalog"]["version"] is None
    assert api.ask(IN_FORCE, {"on": "2026-11-30"})["catalog"]["version"]["number"] == 1


def test_aliases_are_published_with_a_catalog(api: Api) -> None:
    """Another name matches from the first day on; one that names no entry of the catalog is refused."""
    alias = {"kind": "QUALIFICATION", "text": "Biomed Assessor", "numbers": [1], "ground": "the body's own usage"}
    wrong = alias | {"numbers": [9]}
    refusal = propose_catalog(api, form(aliases=[wrong]))["refusal"]
    assert (refusal["code"], refusal["field"]) == ("UNKNOWN_ENTRY", "aliases")
    published(api, aliases=[alias])
    found = match(api, {"name": "Biomed Assessor", "issuingBody": NURSE["issuingBody"]})
    assert found["entry"] == {"number": 1, "catalogCode": FURTHER}
