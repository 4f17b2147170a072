"""Both paths answer alike."""

from __future__ import annotations

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


def test_every_field_of_titles_and_cases(stage: Stage) -> None:
    """Every field, of everybody, asked by everybody, with a reason and without."""
    wrong, shares = [], []
    for name, actor in stage.actors().items():
        for reason in (None, "an inspection"):
            for document, variables in (
                ("{ titleList { nodes { %s } pageInfo { hasNextPage startCursor endCursor } totalCount } }" % TITLE, {}),
                ("{ cases(first: 5) { edges { cursor node { %s } } totalCount } }" % CASE, {}),
                ("{ cases(first: 5) { edges { cursor node { title { %s } } } } }" % TITLE, {}),
                ("{ catalog(code: \"%s\") { id name version { number entries(first: 3, search: \"aws\") { totalCount nodes { number issuingBody } } } v1: version(number: 1) { id } versions { number } } }" % CATALOG, {}),
                *(
                    ("query ($n: String!) { titles(holder: {idNumber: $n}) { %s } }" % TITLE, {"n": number})
                    for number in stage.people.values()
                ),
                *(
                    ("query ($i: ID) { case(id: $i) { %s } }" % CASE, {"i": case["id"]})
                    for case in stage.cases.values()
                ),
                *(
                    ("query ($c: String!, $n: String!) { verifyTitle(caseNumber: $c, holderName: $n) { known valid asOf position title { %s } } }" % TITLE, {"c": case["caseNumber"], "n": f"王{kind}"})
                    for kind, case in stage.cases.items()
                ),
            ):
                both = stage.both(document, variables, actor, reason)
                shares.append(both.share)
                if not both.alike:
                    wrong.append((name, reason, document[:60], both.compiled, both.interpreted, both.shown))
    print({each: shares.count(each) for each in shares})
    assert wrong == [], wrong[0]
