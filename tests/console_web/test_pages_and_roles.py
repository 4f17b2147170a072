"""Every page by every role: shown exactly to those whom the policy of the API lets ask."""

from __future__ import annotations

import ast
import csv
from io import StringIO

import psycopg
import pytest
from strawberry.utils.str_converters import to_camel_case

from application.access import RIGHTS, Action
from console.web.acts import ACTS
from console.web.serving import PAGES
from domain.values import Role
from tests.api.conftest import Api
from tests.console_web.conftest import ROLES, signed_in, visitor

CATALOG = "zj-2023-digital-equipment-materials"
UNCOUNTED = {"/sign-in/return", "/sign-out", "/reason"}
"""Pages of a session's own course, which ``test_sessions`` walks."""


@pytest.fixture(scope="module")
def places(site: Api) -> dict[str, str]:
    """A real address for every page."""
    approved = site.approved()["case"]["id"]
    submitted = site.submit()
    document = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { caseNumber evidence { sha256 } holder { ref } } }"
    asked = {"id": approved, "p": submitted["position"]}
    case = site.ask(document, asked, site.token("PRIVACY_OFFICER"))["case"]
    number, digest = case["caseNumber"], case["evidence"][0]["sha256"]
    return {
        "/": "/",
        "/check": "/check?name=AWS+Certified",
        "/verify": "/verify",
        "/catalogs": "/catalogs",
        "/catalogs/{code}": f"/catalogs/{CATALOG}?q=AWS&level=INTERMEDIATE",
        "/catalogs/{code}/versions": f"/catalogs/{CATALOG}/versions",
        "/catalogs/{code}/versions/{version:int}": f"/catalogs/{CATALOG}/versions/1",
        "/catalogs/{code}/compare": f"/catalogs/{CATALOG}/compare?a=1&b=1",
        "/catalogs/{code}/entries/{number:int}": f"/catalogs/{CATALOG}/entries/58",
        "/sign-in": "/sign-in",
        "/language": "/language",
        "/my": "/my",
        "/my/submit": "/my/submit",
        "/my/readers": "/my/readers",
        "/my/draft": "/my/draft",
        "/queue": "/queue",
        "/inbox": "/inbox",
        "/cases": "/cases",
        "/cases/{number}": f"/cases/{number}",
        "/cases/{number}/history": f"/cases/{number}/history",
        "/cases/{number}/evidence/{sha256}": f"/cases/{number}/evidence/{digest}",
        "/cases/{number}/evidence/{sha256}/file": f"/cases/{number}/evidence/{digest}/file",
        "/cases/{number}/rederive": f"/cases/{number}/rederive?version=1",
        "/cases/{number}/pack": f"/cases/{number}/pack",
        "/cases/{number}/attestation": f"/cases/{number}/attestation",
        "/cases/{number}/{act}": f"/cases/{number}/propose-annulment",
        "/audit": "/audit",
        "/audit/log": "/audit/log",
        "/audit/findings": "/audit/findings",
        "/audit/outliers": "/audit/outliers?within=30",
        "/audit/sample": "/audit/sample?seed=7&size=3",
        "/accesses": "/accesses",
        "/statistics": "/statistics",
        "/amendments": "/amendments",
        "/amendments/new/{code}": f"/amendments/new/{CATALOG}",
        "/amendments/edit/{code}": f"/amendments/edit/{CATALOG}?q=AWS",
        "/amendments/edit/{code}/{number:int}": f"/amendments/edit/{CATALOG}/58",
        "/amendments/{id}": "/amendments/nothing",
        "/persons": "/persons",
        "/persons/{ref}": f"/persons/{case['holder']['ref']}",
        "/persons/{ref}/{deed}": f"/persons/{case['holder']['ref']}/restrict",
        "/operations": "/operations",
        "/operations/{kind}": "/operations/rebuild-read-models",
    }


def allowed(role: str | None, action: Action | None) -> bool:
    """What the policy says."""
    return action is None or action in RIGHTS[Role(role) if role else None].actions


def test_verifying_says_what_is_wrong_with_a_question(site: Api) -> None:
    """A number that no case can have is not answered with "unknown": the page says what to mend."""
    answer = visitor(site).post("/verify", {"by": "case", "number": "12345", "name": "王敏"})
    assert answer.status_code == 200
    assert "is no number of a case" in answer.text
    assert "Unknown" not in answer.text


def test_every_page_has_an_address_here(places: dict[str, str]) -> None:
    """A new page without a row fails."""
    assert {each.path for each in PAGES} == places.keys() | UNCOUNTED


@pytest.mark.parametrize("role", ROLES)
def test_a_page_is_shown_to_those_who_may_ask(site: Api, places: dict[str, str], role: str | None) -> None:
    """Others are told that it is not for their role; who is not signed in is asked to sign in, and comes back."""
    who, wrong = signed_in(site, role), []
    for page in PAGES:
        if page.path in UNCOUNTED:
            continue
        answer = who.get(places[page.path])
        may = allowed(role, page.action)
        if page.path == "/cases/{number}/{act}":
            may = may and allowed(role, Action.DECIDE)
        expected = {200} if may else {303} if role is None else {403}
        if page.path == "/language":
            expected = {303}
        if may and page.path.endswith("/file"):
            expected = {
                404,
                403,
            }  # the file was stated and never uploaded; who reads no persons is refused before that is seen
        if may and page.path in {"/amendments/{id}", "/my/draft"}:
            expected = {404}  # there is none
        if answer.status_code not in expected:
            wrong.append((page.path, answer.status_code, expected))
        if answer.status_code == 303 and role is None and page.path != "/language":
            assert answer.headers["location"].startswith("/sign-in?next=%2F")
        if answer.status_code == 200:
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
    assert wrong == []


def test_beside_a_page_stands_its_data(site: Api, places: dict[str, str]) -> None:
    """As JSON, as CSV, and as a query of the API that answers the same; rows of a list are rows of the table."""
    who = signed_in(site, "AUDITOR")
    entries = places["/catalogs/{code}"]
    data = who.get(f"{entries}&format=json").json()
    nodes = data["catalog"]["version"]["entries"]["nodes"]
    assert len(nodes) == 7
    assert {each["awards"][0]["level"] for each in nodes} == {"INTERMEDIATE"}
    table = who.get(f"{entries}&format=csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(table.content.decode("utf-8-sig"))))
    assert [each["number"] for each in rows] == [str(each["number"]) for each in nodes]
    page = who.get(places["/cases/{number}"])
    assert "/graphql?query=query+Case" in page.text
    assert len(who.get("/audit/log?format=json").json()["auditLog"]["nodes"]) > 3


def test_the_page_of_operations_tells_of_the_last_backup(site: Api) -> None:
    """That there is none is said with what to do; once one is on record, when it was made."""
    who = signed_in(site, "AUDITOR")
    assert "recognition backup FILE" in who.get("/operations").text
    with psycopg.connect(site.registry.database.owner_url) as owner:
        owner.execute(
            "INSERT INTO registry.backups (made_at, position, events, bytes, operator)"
            " VALUES ('2026-11-22T18:30:00Z', 1, 1, 1, 'os:0/x@y')"
        )
    page = who.get("/operations").text
    assert "2026-11-23 02:30" in page
    assert "recognition backup FILE" not in page
    asked = site.ask("{ status { lastBackupAt } }", None, site.token("AUDITOR"))
    assert asked["status"]["lastBackupAt"].startswith("2026-11-22T18:30:00")


def test_the_first_page_is_small(site: Api) -> None:
    """With its style sheet under 60 kB, and it names no other host."""
    who = signed_in(site, None)
    page, style = who.get("/"), who.get("/files/console.css")
    assert len(page.content) + len(style.content) < 60_000
    assert "http:" not in page.text + style.text
    assert "https:" not in page.text + style.text
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_what_is_not_there_looks_like_what_is_not_to_be_seen(site: Api, places: dict[str, str]) -> None:
    """Another applicant's case, and no case at all: the same page."""
    other = signed_in(site, "APPLICANT", "somebody-else")
    theirs, nothing = other.get(places["/cases/{number}"]), other.get("/cases/ZJ2026-00000-00000")
    assert theirs.status_code == nothing.status_code == 404
    assert "not there, or not yours to see" in theirs.text
    assert other.get("/nowhere").status_code == 404


def test_every_act_is_a_mutation_of_the_schema() -> None:
    """Each document of an act and each of a page is valid, and what is grave says what follows."""
    from console.web import amendments, applicant, operations, persons
    from console.web.asking import document
    from domain.messages import Language, tell
    from registry_api.schema import build_schema
    from tests.sources import ROOT
    from transport.documents import prepare
    from transport.execution import core_schema
    from transport.limits import DEFAULT_LIMITS

    schema = core_schema(build_schema())
    names = [each.stem for each in (ROOT / "console" / "web" / "documents").glob("*.graphql")]
    texts = [document(each) for each in names] + [each.document for each in ACTS]
    texts += [operations.REQUEST, amendments.PROPOSE, amendments.ISSUE, amendments.DISCARD, applicant.SUBMIT]
    texts += [persons.deed_document(each) for each in persons.DEEDS.values()]
    assert len(texts) > 45
    for text in texts:
        prepare(schema, text, DEFAULT_LIMITS)
    for act in ACTS:
        needed = ["title", "law", *(each.name.lower() for each in act.fields)] + ["consequence", "button"] * act.grave
        for name in needed:
            assert tell(f"page.act.{act.key}.{name}").text(Language.ZH)


def test_an_act_is_asked_the_rules_of_what_its_mutation_records() -> None:
    """The page of an act shows the rules of the event that its mutation records, in the reader's language."""
    from domain.messages import Language
    from tests.sources import all_modules

    modules = {each.name: each.tree for each in all_modules()}
    functions = {
        to_camel_case(each.name): {name.id for name in ast.walk(each) if isinstance(name, ast.Name)}
        for module in ("registry_api.mutations", "registry_api.title_mutations")
        for each in ast.walk(modules[module])
        if isinstance(each, ast.AsyncFunctionDef)
    }
    by_hand = {"confirmMatch": "Matched"}  # recorded by a use case of its own
    for act in ACTS:
        named = by_hand.get(act.mutation)
        assert act.records.__name__ == named or act.records.__name__ in functions[act.mutation], act.name
        assert len(act.rules) > 1
        assert all(each.text(Language.ZH) != each.text(Language.EN) for each in act.rules)
