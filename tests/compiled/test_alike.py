"""Both paths answer alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.compiled.conftest import Stage

TITLE = """id caseNumber status title level field authorityCode decidedBy { subject role authorityCode } catalogCode
 versionNumber entryNumber recognizedOn endedOn validForAppointment validForPromotion countedExperienceMonths
 holder { ref name idType idNumber erased restricted } entry { id number fromVersion qualificationName translatedName
 issuingBody field awards { title grade level } validUntil label }
 catalogVersion { id number issuedAt effectiveFrom levels departments noticeTitle entry(number: 3) { id } }
 authority { code name kind divisionCode } lodgedWith { name } position revokedOn revocationGround endingProposed
 certificateNumber endingGround __typename"""
CASE = """id caseNumber version status authorityCode catalogCode versionNumber entryNumber grade submittedBy submittedAt
 decidedAt decidedBy { subject role } overridden recognizedOn workConsistent countedExperienceMonths endedOn
 holder { ref name erased } certificate { name issuingBody grade certificateNumber issuedOn expiresOn }
 evidence { sha256 fileName mediaType size kind } authority { name } lodgedWith { code }
 pendingProposal { kind proposedBy { subject } ground findings noticeOn answerUntil statement waived }
 deadlines { kind dueOn state } catalogVersion { number } entry { number } award { title grade } workField endingGround"""
CATALOG = "zj-2023-digital-equipment-materials"


CATALOGS = (
    '{ catalog(code: "NAMED") { id name version { number entries(first: 3, search: "aws") { totalCount nodes { number issuingBody } } }'
    " v1: version(number: 1) { id } versions { number } } }"
)
LISTS = (
    "{ titleList { nodes { TITLE } pageInfo { hasNextPage startCursor endCursor } totalCount } }",
    "{ cases(first: 5) { edges { cursor node { CASE } } totalCount } }",
    "{ cases(first: 5) { edges { cursor node { title { TITLE } } } } }",
    CATALOGS,
)
HELD = "query ($n: String!) { titles(holder: {idNumber: $n}) { TITLE } }"
ONE = "query ($i: ID) { case(id: $i) { CASE } }"
VERIFIED = "query ($c: String!, $n: String!) { verifyTitle(caseNumber: $c, holderName: $n) { known valid asOf position title { TITLE } } }"


def asked(stage: Stage) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every compiled question with every field, about everybody."""
    for document in LISTS:
        yield document, {}
    for number in stage.people.values():
        yield HELD, {"n": number}
    for kind, case in stage.cases.items():
        yield ONE, {"i": case["id"]}
        yield VERIFIED, {"c": case["caseNumber"], "n": f"王{kind}"}


def filled(document: str) -> str:
    """A document with its selections written out."""
    return document.replace("TITLE", TITLE).replace("CASE", CASE).replace("NAMED", CATALOG)


@pytest.mark.parametrize("reason", [None, "an inspection"])
def test_every_field_of_titles_and_cases(stage: Stage, reason: str | None) -> None:
    """Every field, of everybody, asked by everybody; a reason changes what auditors see."""
    wrong, shares = [], []
    for name, actor in stage.actors().items():
        if reason and name != "AUDITOR":
            continue
        for document, variables in asked(stage):
            both = stage.both(filled(document), variables, actor, reason)
            shares.append(both.share)
            if not both.alike:
                wrong.append((name, document, both.compiled, both.interpreted, both.shown))
    assert wrong == [], wrong[0]
    assert shares.count("compiled") > len(shares) / 2


def test_a_switch_that_is_null_in_spite_of_its_default(stage: Stage) -> None:
    """A null that a default does not replace fits no ``if``: the interpreting path refuses it."""
    document = "query ($x: Boolean = true, $i: ID) { case(id: $i) { id status @include(if: $x) } }"
    variables = {"x": None, "i": stage.cases["plain"]["id"]}
    both = stage.both(document, variables, stage.actors()["AUDITOR"])
    assert (both.share, both.compiled) == ("aside", None)
    assert both.interpreted.errors


def test_switches_of_another_operation_of_the_document(stage: Stage) -> None:
    """An operation has the variables of the fragments that it spreads, not of those beside it."""
    document = (
        "query A($i: ID) { case(id: $i) { id ...G } } query B($x: Boolean!, $i: ID) { case(id: $i) { ...F } }"
        " fragment F on RecognitionCase { status @include(if: $x) } fragment G on RecognitionCase { caseNumber }"
    )
    both = stage.both(document, {"i": stage.cases["plain"]["id"]}, stage.actors()["AUDITOR"])
    assert both.share == "compiled"
    assert both.alike


def test_edges_of_which_all_is_skipped(stage: Stage) -> None:
    """A page has as many edges as it has, whatever is selected of them."""
    document = "query ($x: Boolean!) { cases(first: 2) { edges { cursor @skip(if: $x) } } }"
    both = stage.both(document, {"x": True}, stage.actors()["AUDITOR"])
    assert both.compiled == b'{"data":{"cases":{"edges":[{},{}]}}}'
    assert both.alike


def test_an_operation_of_very_many_fields_is_not_compiled(stage: Stage) -> None:
    """A short text may spread one fragment many times; compiling all of it would keep everybody waiting."""
    roots = " ".join(f"r{n}: cases(first: 1) {{ nodes {{ ...C }} }}" for n in range(20))
    both = stage.both(f"{{ {roots} }} fragment C on RecognitionCase {{ {CASE} }}", {}, stage.actors()["AUDITOR"])
    assert both.share == "uncovered"
