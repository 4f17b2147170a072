"""Aliases over the API: looked up, amended like entries by two administrators, and read by matching from their day on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from application.projections.all import PROJECTIONS
from application.projections.registry import REGISTRY
from application.replay_audit import violations
from domain.base import Act
from domain.catalog.amendment import AmendmentTerms, EntryChange
from domain.catalog.catalog import Catalog
from domain.identifiers import catalog_id
from domain.values import Actor, EntryChangeKind, Notice, Provenance, Role
from infrastructure.projections.rebuild import check, rebuild
from registry_api import ids
from tests.api.catalogs import (
    CODE,
    DISCARD,
    FIRST,
    PROPOSE,
    SECOND,
    added,
    administrator,
    amend,
    amendment,
    issue,
    propose,
    withdrawn,
)
from tests.api.conftest import Api, Clock
from tests.api.test_rematching import eventually, projected, run, state, stream

TODAY, LATER = "2026-11-23", "2026-12-01"
CHANGE = "kind aliasKind text issuer numbers ground"
ALIASES = """query ($code: String!, $version: Int!, $kind: AliasKind, $search: String, $entry: Int, $unlisted: Boolean! = false,
        $first: Int, $after: String) {
    catalog(code: $code) { version(number: $version) {
        aliases(kind: $kind, search: $search, entryNumber: $entry, unlisted: $unlisted, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
            nodes { kind text issuer numbers ground fromVersion untilVersion catalogCode } } } } }"""
VERSIONS = f"query ($code: String!) {{ catalog(code: $code) {{ versions {{ number entryCount aliasChanges {{ {CHANGE} }} }} }} }}"
PREVIEW = f"""query ($input: AmendmentInput!) {{ previewAmendment(input: $input) {{
    aliasChanges {{ {CHANGE} }} refusals {{ code message field }} notes {{ code message field }} pendingCasesAffected }} }}"""
MATCH = """query ($certificate: CertificateInput!, $on: Date) { matchCertificate(certificate: $certificate, on: $on) {
    outcome entry { number } catalogVersion { number } } }"""
PRACTITIONER = {"name": "AWS Certified Cloud Practitioner", "issuingBody": "亚马逊"}
HOUSE_NAME = {"name": "Amazon Solutions Guru", "issuingBody": "亚马逊"}
NEW = added(101, PRACTITIONER["name"], "亚马逊云从业者", issuingBody="亚马逊")


def alias(kind: str, text: str, *numbers: int, issuer: str | None = None, **more: Any) -> dict[str, Any]:
    """A change of an alias."""
    form = {
        "kind": kind,
        "aliasKind": "ISSUING_BODY" if issuer else "QUALIFICATION",
        "text": text,
        "numbers": list(numbers),
        "issuer": issuer,
        "ground": "the issuer's own usage",
    }
    return form | more


def changing(base: int, *changes: dict[str, Any], effective: str = TODAY, **more: Any) -> dict[str, Any]:
    """An amendment of aliases alone."""
    return amendment(base, effective, aliasChanges=list(changes), **more)


def found(api: Api, version: int = 1, **which: Any) -> dict[str, Any]:
    """A page of the aliases of a version, once they are projected; anybody may read them."""
    projected(api)
    answer = api.ask(ALIASES, {"code": CODE, "version": version} | which)
    page: dict[str, Any] = answer["catalog"]["version"]["aliases"]
    return page


def texts(api: Api, version: int = 1, **which: Any) -> list[str]:
    """The texts of a page."""
    return [node["text"] for node in found(api, version, **which)["nodes"]]


def preview(api: Api, form: dict[str, Any]) -> dict[str, Any]:
    """The preview of an amendment."""
    answer: dict[str, Any] = api.ask(PREVIEW, {"input": form}, administrator(api))["previewAmendment"]
    return answer


def matched(api: Api, certificate: dict[str, str], on: str | None = None) -> tuple[int | None, int]:
    """The entry a certificate matches automatically, and under which version."""
    answer = api.ask(MATCH, {"certificate": certificate, "on": on})["matchCertificate"]
    return (answer["entry"] or {"number": None})["number"], answer["catalogVersion"]["number"]


@pytest.mark.registry("shared")
def test_the_aliases_of_a_version_are_looked_up_page_by_page(api: Api) -> None:
    """By kind, by a text within them, by the entry they may mean, and those that mean none; each page goes on from the last."""
    shipped = api.registry.shelf.catalog(CODE).aliases_at(1)
    read: list[str] = []
    page: dict[str, Any] = {"pageInfo": {"endCursor": None, "hasNextPage": True}}
    while page["pageInfo"]["hasNextPage"]:
        page = found(api, first=200, after=page["pageInfo"]["endCursor"])
        assert page["totalCount"] == len(shipped)
        read += [node["text"] for node in page["nodes"]]
    assert read == [each.text for each in shipped]
    assert page["pageInfo"]["hasPreviousPage"]
    assert set(texts(api, search="cloud pRACTITIONER")) == {
        each.text for each in shipped if "cloud practitioner" in each.text.lower()
    }
    assert found(api, kind="ISSUING_BODY", first=0)["totalCount"] == sum(bool(each.issuer) for each in shipped)
    of_58 = found(api, entry=58)["nodes"]
    assert of_58
    assert {node["text"] for node in of_58} == {each.text for each in shipped if 58 in each.numbers}
    unlisted = found(api, unlisted=True, first=1)
    assert unlisted["totalCount"] == sum(not each.numbers and not each.issuer for each in shipped)
    assert found(api, unlisted=True, entry=58)["totalCount"] == 0
    [one] = found(api, search=PRACTITIONER["name"], unlisted=True)["nodes"]
    assert one == {
        "kind": "QUALIFICATION",
        "text": PRACTITIONER["name"],
        "issuer": None,
        "numbers": [],
        "ground": "another certification of the same issuer; the catalog does not list it",
        "fromVersion": 1,
        "untilVersion": None,
        "catalogCode": CODE,
    }


@pytest.mark.registry("shared")
def test_a_page_of_aliases_keeps_the_limits_of_every_list(api: Api) -> None:
    """A cursor of another list, and a page that is too long, are refused as everywhere."""
    variables = {"code": CODE, "version": 1}
    projected(api)
    assert api.code(ALIASES, variables | {"first": 201}) == "PAGE_SIZE_TOO_LARGE"
    assert api.code(ALIASES, variables | {"after": "nonsense"}) == "INVALID_CURSOR"


def test_aliases_alone_are_amended_and_matching_reads_them_from_their_day_on(api: Api) -> None:
    """The new name matches under the version that has it, and not on a day of the version before."""
    assert matched(api, HOUSE_NAME) == (None, 1)
    change = alias("ADDED", HOUSE_NAME["name"], 58)
    shown = preview(api, changing(1, change, effective=LATER))
    assert (shown["refusals"], shown["notes"]) == ([], [])
    assert shown["aliasChanges"] == [change]
    issued = amend(api, changing(1, change, effective=LATER))
    assert issued["catalogVersion"]["number"] == 2
    assert matched(api, HOUSE_NAME, TODAY) == (None, 1)
    assert matched(api, HOUSE_NAME, LATER) == (58, 2)
    amend(api, changing(2, alias("WITHDRAWN", HOUSE_NAME["name"], 58, ground="a slip"), effective="2026-12-02"))
    assert matched(api, HOUSE_NAME, LATER) == (58, 2)
    assert matched(api, HOUSE_NAME, "2026-12-02") == (None, 3)


def test_every_version_and_amendment_shows_its_alias_changes(api: Api) -> None:
    """On the amendment from its proposal on, in the history of versions, and in the list that each version keeps."""
    changes = [
        alias("ADDED", HOUSE_NAME["name"], 58),
        alias("ADDED", "Amazon Schulung", issuer="AMAZON"),
        alias("WITHDRAWN", "CLF-C01", ground="the examination is no longer held"),
    ]
    proposed = propose(api, changing(1, *changes))
    document = f"query ($id: ID!) {{ node(id: $id) {{ ... on Amendment {{ status aliasChanges {{ {CHANGE} }} }} }} }}"
    amended = {"id": proposed["amendment"]["id"]}
    assert api.ask(document, amended, administrator(api))["node"] == {"status": "PROPOSED", "aliasChanges": changes}
    assert issue(api, amended["id"])["refusal"] is None
    assert api.ask(document, amended, administrator(api))["node"] == {"status": "ISSUED", "aliasChanges": changes}
    versions = api.ask(VERSIONS, {"code": CODE})["catalog"]["versions"]
    assert versions == [
        {"number": 1, "entryCount": 100, "aliasChanges": []},
        {"number": 2, "entryCount": 100, "aliasChanges": changes},
    ]
    assert texts(api, 1, search="CLF-C0") == ["CLF-C01", "CLF-C02"]
    assert texts(api, 2, search="CLF-C0") == ["CLF-C02"]
    assert texts(api, 2, search="Amazon Schulung", kind="ISSUING_BODY") == ["Amazon Schulung"]
    assert found(api, 1, search="CLF-C01")["nodes"][0]["untilVersion"] == 2


def test_aliases_are_the_act_of_two_administrators(api: Api) -> None:
    """The same permissions and the same second signature as for entries; a discarded proposal changes nothing."""
    form = changing(1, alias("ADDED", HOUSE_NAME["name"], 58))
    for role in ("APPLICANT", "REVIEWER", "AUDITOR", "VERIFIER", "PRIVACY_OFFICER"):
        assert api.code(PREVIEW, {"input": form}, api.token(role)) == "NOT_PERMITTED"
        payload = api.ask(PROPOSE, {"input": form}, api.token(role))["proposeAmendment"]
        assert payload["refusal"]["code"] == "NOT_PERMITTED"
    proposed = propose(api, form)["amendment"]["id"]
    assert issue(api, proposed, FIRST)["refusal"]["code"] == "SAME_ADMINISTRATOR"
    api.ask(DISCARD, {"id": proposed, "reason": "a slip"}, administrator(api))
    assert issue(api, proposed, SECOND)["refusal"]["code"] == "AMENDMENT_CLOSED"
    assert matched(api, HOUSE_NAME) == (None, 1)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ([], ["NO_CHANGES"]),
        ([alias("ADDED", "CLF-C01")], ["CHANGE_INVALID"]),
        ([alias("WITHDRAWN", "CLF-C09")], ["CHANGE_INVALID"]),
        ([alias("WITHDRAWN", "CLF-C01", 58)], ["CHANGE_INVALID"]),
        ([alias("ADDED", "X Guru", 58, 580)], ["UNKNOWN_ENTRY"]),
        ([alias("ADDED", "X Guru", -1)], ["UNKNOWN_ENTRY"]),
        ([alias("ADDED", "X Guru", 58), alias("ADDED", "x guru", 58)], ["DUPLICATE_CHANGE"]),
        ([alias("ADDED", "X Guru", 58, issuer="AMAZON")], ["CHANGE_INVALID"]),
        ([alias("ADDED", "X Guru", aliasKind="ISSUING_BODY")], ["CHANGE_INVALID"]),
        ([alias("ADDED", "X Guru", issuer="AMAZON", aliasKind="QUALIFICATION")], ["CHANGE_INVALID"]),
        ([alias("ADDED", "—", issuer="DIHK")], ["NAME_UNREADABLE"]),
        ([alias("ADDED", "……")], ["NAME_UNREADABLE"]),
    ],
)
def test_what_the_rules_forbid_is_refused(api: Api, changes: list[dict[str, Any]], codes: list[str]) -> None:
    """The preview and the proposal give the same stable code; nothing is recorded."""
    before = api.registry.journal.last_position()
    refusals = preview(api, changing(1, *changes))["refusals"]
    assert [refusal["code"] for refusal in refusals] == codes
    assert {refusal["field"] for refusal in refusals} <= {"aliasChanges", "changes"}
    assert propose(api, changing(1, *changes))["refusal"] == refusals[0]
    assert api.registry.journal.last_position() == before


def test_malformed_texts_are_named_with_their_places(api: Api) -> None:
    """All at once in the preview; text, key and ground are cleaned as everywhere, and a ground is required."""
    form = changing(
        1,
        alias("ADDED", " ", ground=" "),
        alias("ADDED", "X \u202e Guru", issuer="A" * 101),
    )
    places = [each["field"] for each in preview(api, form)["refusals"] if each["code"] == "INVALID_INPUT"]
    assert places == ["aliasChanges.0.text", "aliasChanges.0.ground", "aliasChanges.1.text", "aliasChanges.1.issuer"]
    assert propose(api, form)["refusal"]["code"] == "INVALID_INPUT"
    answer = api.post(PREVIEW, {"input": changing(1, alias("REVISED", "X"))}, administrator(api)).json()
    assert "AliasChangeKind" in answer["errors"][0]["message"]
    bare = alias("ADDED", "X")
    del bare["ground"]
    assert (
        "ground" in api.post(PREVIEW, {"input": changing(1, bare)}, administrator(api)).json()["errors"][0]["message"]
    )


def test_an_entry_under_a_name_known_as_unlisted_is_refused_with_the_way_out(api: Api) -> None:
    """Preview and proposal name the aliases; withdrawn in the same amendment, the entry is added and its name leads to it."""
    form = amendment(1, TODAY, NEW)
    [refusal] = preview(api, form)["refusals"]
    assert (refusal["code"], refusal["field"]) == ("NAME_UNLISTED", "changes")
    names = [PRACTITIONER["name"], "AWS 认证云从业者"]
    assert f"withdraw “{names[0]}”, “{names[1]}” in the same amendment." in refusal["message"]
    assert propose(api, form)["refusal"] == refusal
    assert set(names) <= set(texts(api, unlisted=True, first=200))
    freed = form | {"aliasChanges": [alias("WITHDRAWN", name, ground="it is listed from now on") for name in names]}
    assert preview(api, freed)["refusals"] == []
    amend(api, freed)
    assert matched(api, PRACTITIONER) == (101, 2)


def test_what_was_proposed_past_the_rule_is_held_to_it_at_its_issue(api: Api) -> None:
    """A proposal that an earlier release let through is refused to whoever issues it, and stays open to be discarded."""
    registry = api.registry
    catalog = registry.journal.load(Catalog, catalog_id(CODE))
    assert catalog is not None
    new = catalog.state.entry_at(catalog.state.latest.number, 58).model_copy(
        update={"number": 101, "qualification_name": PRACTITIONER["name"]}
    )
    terms = AmendmentTerms(
        base_version=1,
        notice=Notice(title="关于调整目录的通知"),
        effective_from=date(2026, 12, 1),
        changes=(EntryChange(kind=EntryChangeKind.ADDED, number=101, entry=new),),
    )
    by = Provenance(actor=Actor(subject=FIRST, role=Role.ADMINISTRATOR))
    identifier = catalog.propose(Act(by, api.clock()), terms)
    registry.journal.record(catalog)
    amendment_id = ids.encode("amendment", CODE, identifier)
    assert issue(api, amendment_id)["refusal"]["code"] == "NAME_UNLISTED"
    assert registry.shelf.catalog(CODE).latest.number == 1
    dropped = api.ask(DISCARD, {"id": amendment_id, "reason": "see the refusal"}, administrator(api))
    assert dropped["discardAmendment"]["amendment"]["status"] == "DISCARDED"


def test_a_name_that_another_entry_bears_is_noted_in_the_preview(api: Api) -> None:
    """It may be meant, so it can be proposed; that a reviewer will decide is said before."""
    form = amendment(1, TODAY, added(101, "Cisco Certified Architect", "思科认证架构师"))
    shown = preview(api, form)
    assert shown["refusals"] == []
    [note] = shown["notes"]
    assert (note["code"], note["field"]) == ("NAME_SHARED", "changes")
    assert "41" in note["message"]
    assert propose(api, form)["refusal"] is None


def test_the_names_of_a_new_body_are_shown_among_the_alias_changes(api: Api) -> None:
    """They come with the entry; whoever signs sees them in the preview, and the version shows them."""
    form = amendment(
        1, TODAY, added(101, "Certified Sample Assessor", "认证样例评估师", issuingBody="示例委员会（Sample Council）")
    )
    expected = [("ADDED", "ISSUING_BODY", "示例委员会"), ("ADDED", "ISSUING_BODY", "Sample Council")]
    shown = preview(api, form)["aliasChanges"]
    assert [(each["kind"], each["aliasKind"], each["text"]) for each in shown] == expected
    amend(api, form)
    versions = api.ask(VERSIONS, {"code": CODE})["catalog"]["versions"]
    assert versions[1]["aliasChanges"] == shown


def test_what_a_withdrawn_entry_leaves_behind_is_found_as_unlisted(api: Api) -> None:
    """Names of an entry that the version no longer has are names that it does not list."""
    assert "70-467" in texts(api, 1, entry=46)
    amend(api, amendment(1, TODAY, withdrawn(46)))
    assert "70-467" not in texts(api, 1, unlisted=True, search="70-46")
    assert "70-467" in texts(api, 2, unlisted=True, search="70-46")


def test_pending_cases_are_matched_anew_by_the_new_aliases_on_their_day(api: Api, clock: Clock) -> None:
    """An amendment of aliases with rematchPending: nothing moves before its day, then the server moves what waits."""
    for each in api.registry.processes:
        each.stop()
    waiting = api.submit(certificate=HOUSE_NAME)
    assert state(api, stream(waiting))[2] is None
    projected(api)
    form = changing(1, alias("ADDED", HOUSE_NAME["name"], 58), effective=LATER, rematchPending=True)
    assert preview(api, form)["pendingCasesAffected"] == 1
    amend(api, form)
    assert run(api) == []
    assert state(api, stream(waiting)) == ("SUBMITTED", 1, None)
    clock.now = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert run(api) == [stream(waiting)]
    document = (
        "query ($id: ID!) { case(id: $id) { status catalogVersion { number } entry { number } award { title } } }"
    )

    def moved() -> bool:
        case = api.ask(document, {"id": waiting["case"]["id"]}, api.token("AUDITOR"))["case"]
        return bool(
            case
            == {
                "status": "MATCHED",
                "catalogVersion": {"number": 2},
                "entry": {"number": 58},
                "award": {"title": "工程师"},
            }
        )

    eventually(moved)
    assert api.submit(certificate=HOUSE_NAME)["case"]["entry"] == {"number": 58}


def test_the_server_itself_moves_cases_when_aliases_change(api: Api) -> None:
    """Without a nudge from anybody: a name declared unlisted takes an open case's match away, and a reviewer decides."""
    architect = {"name": "Cisco Certified Architect", "issuingBody": "思科（Cisco）"}
    case = stream(api.submit(certificate=architect))
    assert state(api, case) == ("MATCHED", 1, 41)
    form = changing(
        1, alias("ADDED", architect["name"], ground="another certificate bears the name"), rematchPending=True
    )
    assert [note["code"] for note in preview(api, form)["notes"]] == ["NAME_NOT_MATCHED"]
    amend(api, form)
    eventually(lambda: state(api, case) == ("SUBMITTED", 2, None))


def test_the_auditor_reads_alias_changes_and_the_read_model_says_what_the_events_say(api: Api) -> None:
    """In the audit log as they were proposed and issued; the history is lawful; a check and a rebuild agree with the rows."""
    change = alias("ADDED", HOUSE_NAME["name"], 58)
    amend(api, changing(1, change))
    amend(api, changing(2, alias("WITHDRAWN", HOUSE_NAME["name"], 58), alias("ADDED", "X Guru", 58)))
    document = "query ($types: [String!]) { auditLog(types: $types) { nodes { type data } } }"
    logged = api.ask(document, {"types": ["catalog.amendment-issued"]}, api.token("AUDITOR"))["auditLog"]["nodes"]
    recorded = logged[0]["data"]["terms"]["alias_changes"]
    assert [(each["kind"], each["alias"]["text"], each["alias"]["ground"]) for each in recorded] == [
        ("ADDED", HOUSE_NAME["name"], change["ground"])
    ]
    assert violations(Catalog, api.registry.journal.events_of(catalog_id(CODE))) == []
    projected(api)
    registry = api.registry
    assert check(registry.database, registry.mapper, REGISTRY).is_complete
    before = [found(api, version, first=200, search="guru")["nodes"] for version in (1, 2, 3)]
    assert rebuild(registry.database, registry.mapper, PROJECTIONS).differences == ()
    assert [found(api, version, first=200, search="guru")["nodes"] for version in (1, 2, 3)] == before
    assert [[node["text"] for node in page] for page in before] == [[], [HOUSE_NAME["name"]], ["X Guru"]]
