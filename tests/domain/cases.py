"""The events of a case as scenarios begin with them: one graded entry, one plain one, and every state's history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from catalog.authorities import load_directory
from catalog.jurisdiction import load_jurisdiction
from domain.case.case import RecognitionCase
from domain.case.due_days import unrecorded
from domain.case.events import (
    Approved,
    CandidatesListed,
    CertificateClaimMoved,
    Matched,
    Rejected,
    RematchRequired,
    Submitted,
    Supplemented,
    SupplementRequested,
    Transferred,
    Withdrawn,
)
from domain.case.imported import Imported
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    DeadlineMissed,
    NoticeGiven,
    ProposalAnswered,
    ProposalDeclined,
    Reassessed,
    Reinstated,
    ReinstatementProposed,
    ReviewRecorded,
    RevocationProposed,
    Revoked,
    Surrendered,
)
from domain.clocks import Deadline
from domain.guards import Circumstances
from domain.identifiers import case_id, case_number, decision_import_id
from domain.values import (
    Actor,
    CatalogEntry,
    Certificate,
    ClosingRule,
    DeadlineKind,
    Evidence,
    Experience,
    MatchCandidate,
    MatchOutcome,
    Person,
    Reason,
    ReasonFact,
    ReviewOutcome,
    Role,
    TitleAward,
    TitleLevel,
)
from tests.claims import claim_id
from tests.domain.scenario import (
    ADMINISTRATOR,
    APPLICANT,
    COLLEAGUE,
    REGISTRY,
    SECOND_ADMINISTRATOR,
    Given,
    Happened,
    act,
    actor,
)
from tests.periods import answering_within

AUTHORITIES = load_directory()


class Listed:
    """The catalogs of the scenarios: whatever the version, entries 1 and 88."""

    def entry_at(self, code, version, number):
        """The entry of that number."""
        return {1: PLAIN, 88: GRADED}.get(number) if code == CATALOG and version else None

    def had(self, code, version, number):
        """Entry 2 was withdrawn."""
        return code == CATALOG and bool(version) and number == 2


RULES = answering_within(3, load_jurisdiction().rules)
KNOWN = Circumstances(AUTHORITIES, Listed(), RULES)
CASE = case_id("applicant", "key-1")
HOLDER = UUID("7d9f1c52-6f64-4c3e-8a52-0d5a4b1e9c11")
AMENDMENT = UUID("0b7c9d9e-92a1-4b6c-8a0a-3f6f4b0f5a22")
CATALOG = "zj-2023-digital-equipment-materials"

PLAIN = CatalogEntry(
    number=1,
    qualification_name="Certified Example Engineer",
    translated_name="示例工程师",
    issuing_body="Example Institute",
    field="电子信息",
    awards=(TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE),),
)
GRADED = CatalogEntry(
    number=88,
    qualification_name="技能検定",
    translated_name="技能检定",
    issuing_body="厚生労働省",
    field="装备制造",
    awards=(
        TitleAward(grade="2级", title="助理工程师", level=TitleLevel.JUNIOR),
        TitleAward(grade="1级", title="工程师", level=TitleLevel.INTERMEDIATE),
    ),
)
PERSON = Person(ref=HOLDER, name="王小明", id_type="RESIDENT_ID", id_number="11010519491231002X")
CERTIFICATE = Certificate(
    name="Certified Example Engineer",
    issuing_body="Example Institute",
    certificate_number="CEE-0042",
    issued_on=date(2020, 2, 29),
    expires_on=date(2025, 2, 28),
)
FILE = Evidence(sha256="ab" * 32, file_name="证书.pdf", media_type="application/pdf", size=1024, kind="CERTIFICATE")
WORK = Experience(employer="Example GmbH", start=date(2018, 1, 1), end=date(2021, 12, 31), field="电子信息")
BECAUSE = (
    Reason(code="match.same_words", facts=(ReasonFact(name="source", values=("Certified Example",)),)),
    Reason(code="match.beyond", typed=("as typed",)),
)
CANDIDATE = MatchCandidate(number=1, score=0.75, reasons=BECAUSE)


def due(kind: DeadlineKind, begun: date = date(2024, 5, 6)) -> date:
    """The last day of a period that begins on a day."""
    day = RULES.due_on(kind, begun)
    assert day is not None
    return day


def submitted(**changes: Any) -> Happened:
    """A submission that met every rule."""
    facts: dict[str, Any] = {
        "holder_ref": HOLDER,
        "case_number": case_number(CASE, date(2024, 5, 6), "ZJ"),
        "holder": PERSON,
        "certificate": CERTIFICATE,
        "authority_code": "330106-HR",
        "work_field": "电子信息",
        "experience": (WORK,),
        "evidence": (FILE,),
        "catalog_code": CATALOG,
        "catalog_version": 1,
        "submitted_on": date(2024, 5, 6),
        "claim_id": claim_id("Example Institute", "CEE-0042"),
        "accept_by": due(DeadlineKind.ACCEPT),
        "decide_by": due(DeadlineKind.DECIDE),
    }
    return Happened(Submitted, {**facts, **changes}, act(APPLICANT))


IMPORT = decision_import_id("cd" * 32)


def imported(**changes: Any) -> Happened:
    """A title of before the registry, brought in by one administrator from a file that another signed."""
    facts: dict[str, Any] = {
        "holder_ref": HOLDER,
        "case_number": case_number(CASE, date(2024, 1, 8), "ZJ"),
        "holder": PERSON,
        "certificate": CERTIFICATE,
        "authority_code": "330100-HR",
        "work_field": "电子信息",
        "catalog_code": CATALOG,
        "catalog_version": 1,
        "entry_number": 88,
        "grade": "1级",
        "submitted_on": date(2024, 1, 8),
        "decided_on": date(2024, 2, 5),
        "work_consistent": True,
        "counted_experience_months": 24,
        "claim_id": claim_id("厚生労働省", "CEE-0042"),
        "reference": "杭人社〔2024〕7号",
        "import_id": IMPORT,
        "row": 7,
        "signed_by": SECOND_ADMINISTRATOR.subject,
        "review_until": due(DeadlineKind.REVIEW, date(2024, 2, 5)),
    }
    return Happened(Imported, {**facts, **changes}, act(ADMINISTRATOR))


def noted(kind: Any, **facts: Any) -> Happened:
    """An event of the case, about its holder."""
    return Happened(kind, {"holder_ref": HOLDER, **facts})


def matched(number: int = 1, grade: str | None = None) -> Happened:
    """A match that a reviewer confirmed."""
    place = {"catalog_code": CATALOG, "catalog_version": 1, "entry_number": number, "grade": grade}
    return noted(Matched, **place, reason="same body, same name")


def listed(outcome: MatchOutcome = MatchOutcome.AMBIGUOUS) -> Happened:
    """The matcher abstained."""
    return noted(CandidatesListed, outcome=outcome, candidates=(CANDIDATE,), rule_set="rules-1").by(REGISTRY)


ELSEWHERE = ClosingRule.CERTIFICATE_AWARDED_ELSEWHERE
OTHER_CLAIM = claim_id("Another Institute", "CEE-0042")
REQUESTED = noted(SupplementRequested, reason="the seal is unreadable", supplement_by=due(DeadlineKind.SUPPLEMENT))
SUPPLEMENTED = noted(Supplemented, evidence=(FILE,), decide_by=due(DeadlineKind.DECIDE)).by(APPLICANT)
TRANSFERRED = noted(Transferred, authority_code="330100-HR", reason="moved")
APPROVED = noted(
    Approved,
    recognized_on=date(2024, 5, 6),
    work_consistent=True,
    counted_experience_months=24,
    review_until=due(DeadlineKind.REVIEW),
)
REJECTED = noted(Rejected, reason="not listed", review_until=due(DeadlineKind.REVIEW))
WITHDRAWN = noted(Withdrawn, reason="applied elsewhere").by(APPLICANT)
SUPERIOR = actor("superior", Role.REVIEWER, "330000-HR")
OTHER_SUPERIOR = actor("other-superior", Role.REVIEWER, "330000-HR")
TODAY = date(2024, 5, 6)
PROPOSED = noted(RevocationProposed, ground="forged", findings="the issuer denies it")
ERROR_PROPOSED = noted(AnnulmentProposed, ground="wrong entry", findings="the officer misread the certificate")
NOTICED = noted(NoticeGiven, served_on=TODAY, answer_until=date(2024, 5, 9))
ANSWERED = noted(ProposalAnswered, statement="it is genuine", evidence=(FILE,)).by(APPLICANT)
WAIVED = noted(ProposalAnswered, waive=True).by(APPLICANT)
DECLINED = noted(ProposalDeclined, reason="the issuer confirms it").by(COLLEAGUE)
REVOKED = noted(Revoked, ground="forged", revoked_on=TODAY, review_until=due(DeadlineKind.REVIEW)).by(COLLEAGUE)
ANNULLED = noted(Annulled, ground="wrong entry", annulled_on=TODAY, review_until=due(DeadlineKind.REVIEW)).by(COLLEAGUE)
SURRENDERED = noted(Surrendered, reason="no longer wanted", surrendered_on=TODAY).by(APPLICANT)
BACK_PROPOSED = noted(ReinstatementProposed, reason="the issuer was wrong").by(SUPERIOR)
REINSTATED = noted(Reinstated, reason="the issuer was wrong").by(OTHER_SUPERIOR)
REASSESSED = noted(
    Reassessed,
    work_consistent=False,
    counted_experience_months=0,
    effective_on=TODAY,
    experience=(WORK,),
    evidence=(FILE,),
    reason="the work changed",
)
MISSED = noted(DeadlineMissed, deadline=DeadlineKind.DECIDE, due_on=date(2024, 5, 5)).by(REGISTRY)


def reviewed(outcome: ReviewOutcome, *, reopens: bool | None = None) -> Happened:
    """A review of what the authority decided; one that remands opens the case again."""
    facts: dict[str, Any] = {"decided_on": TODAY, "reference": "浙复〔2024〕1号", "reason": "it does not hold"}
    if outcome is ReviewOutcome.REMANDED if reopens is None else reopens:
        facts["decide_by"] = due(DeadlineKind.DECIDE)
    return noted(ReviewRecorded, outcome=outcome, **facts)


REMATCH = noted(RematchRequired, catalog_version=2, amendment_id=AMENDMENT).by(REGISTRY)

PASTS: dict[str, tuple[Happened, ...]] = {
    "submitted": (submitted(),),
    "candidates": (submitted(), listed()),
    "matched": (submitted(), matched()),
    "open-title": (submitted(), matched(88)),
    "asked": (submitted(), REQUESTED),
    "asked-matched": (submitted(), matched(), REQUESTED),
    "rematch": (submitted(), matched(), REMATCH),
    "approved": (submitted(), matched(), APPROVED),
    "proposed": (submitted(), matched(), APPROVED, PROPOSED),
    "noticed": (submitted(), matched(), APPROVED, PROPOSED, NOTICED),
    "heard": (submitted(), matched(), APPROVED, PROPOSED, NOTICED, ANSWERED),
    "declined": (submitted(), matched(), APPROVED, PROPOSED, NOTICED, ANSWERED, DECLINED),
    "error-heard": (submitted(), matched(), APPROVED, ERROR_PROPOSED, NOTICED, WAIVED),
    "reassessed": (submitted(), matched(), APPROVED, REASSESSED),
    "remanded": (submitted(), matched(), APPROVED, reviewed(ReviewOutcome.REMANDED)),
    "rejected": (submitted(), REJECTED),
    "reopened": (submitted(), REJECTED, reviewed(ReviewOutcome.OVERTURNED, reopens=True)),
    "withdrawn": (submitted(), WITHDRAWN),
    "revoked": (submitted(), matched(), APPROVED, PROPOSED, NOTICED, ANSWERED, REVOKED),
    "annulled": (submitted(), matched(), APPROVED, ERROR_PROPOSED, NOTICED, WAIVED, ANNULLED),
    "surrendered": (submitted(), matched(), APPROVED, SURRENDERED),
    "back-proposed": (submitted(), matched(), APPROVED, PROPOSED, NOTICED, ANSWERED, REVOKED, BACK_PROPOSED),
    "reinstated": (submitted(), matched(), APPROVED, PROPOSED, NOTICED, ANSWERED, REVOKED, BACK_PROPOSED, REINSTATED),
}
"""How a case comes to stand where it stands, by name."""


def given(past: str) -> Given:
    """A case with one of the pasts."""
    return Given(RecognitionCase, CASE, *PASTS[past])


def entry_of(case: RecognitionCase) -> CatalogEntry | None:
    """The entry a case is matched to."""
    return {1: PLAIN, 88: GRADED}.get(case.state.entry_number or 0)


COMMANDS: dict[str, Any] = {
    "match": lambda case, by: case.match(
        by, KNOWN, outcome=MatchOutcome.EXACT, entry_number=1, grade=None, candidates=(CANDIDATE,), rule_set="rules-1"
    ),
    "confirm_match": lambda case, by: confirm(case, by, 1, None),
    "require_rematch": lambda case, by: case.decide(
        RematchRequired, by, KNOWN, catalog_version=2, amendment_id=AMENDMENT
    ),
    "request_supplement": lambda case, by: case.decide(SupplementRequested, by, KNOWN, reason="more"),
    "supplement": lambda case, by: case.decide(Supplemented, by, KNOWN, evidence=(FILE,)),
    "transfer": lambda case, by: transfer(case, by, "330100-HR"),
    "approve": lambda case, by: approve(case, by, True, 24),
    "reject": lambda case, by: case.decide(Rejected, by, KNOWN, reason="not listed"),
    "withdraw": lambda case, by: case.decide(Withdrawn, by, KNOWN, reason="elsewhere"),
    "reject_by_rule": lambda case, by: case.decide(Rejected, by, KNOWN, reason=None, code=ELSEWHERE),
    "withdraw_by_rule": lambda case, by: case.decide(Withdrawn, by, KNOWN, reason=None, code=ClosingRule.HOLDER_ERASED),
    "move_claim": lambda case, by: case.decide(CertificateClaimMoved, by, KNOWN, claim_id=OTHER_CLAIM),
    "propose_revocation": lambda case, by: case.decide(
        RevocationProposed, by, KNOWN, ground="forged", findings="denied"
    ),
    "confirm_revocation": lambda case, by: case.decide(Revoked, by, KNOWN),
    "propose_annulment": lambda case, by: case.decide(AnnulmentProposed, by, KNOWN, ground="error", findings="misread"),
    "confirm_annulment": lambda case, by: case.decide(Annulled, by, KNOWN),
    "decline": lambda case, by: case.decide(ProposalDeclined, by, KNOWN, reason="it is genuine"),
    "give_notice": lambda case, by: case.decide(NoticeGiven, by, KNOWN, served_on=TODAY),
    "answer": lambda case, by: case.decide(ProposalAnswered, by, KNOWN, statement="it is genuine"),
    "surrender": lambda case, by: case.decide(Surrendered, by, KNOWN, reason="no longer wanted"),
    "reinstate": lambda case, by: case.decide(ReinstatementProposed, by, KNOWN, reason="the issuer was wrong"),
    "confirm_reinstatement": lambda case, by: case.decide(Reinstated, by, KNOWN),
    "reassess": lambda case, by: case.decide(
        Reassessed, by, KNOWN, work_consistent=True, counted_experience_months=12, reason="the work changed"
    ),
    "record_review": lambda case, by: review(case, by, ReviewOutcome.REMANDED),
    "miss_deadline": lambda case, by: miss(case, by),  # noqa: PLW0108 - `miss` stands below
}
"""Every command upon a case, valid in itself, by the name the API gives it: ``COMMANDS[name](case, act)``."""


def confirm(case, by, number, grade, version=None):
    """A reviewer's confirmation of a match, under the version that governs the case unless another is named."""
    case.decide(
        Matched,
        by,
        KNOWN,
        catalog_code=CATALOG,
        catalog_version=version or case.state.catalog_version,
        entry_number=number,
        grade=grade,
        reason="the same",
    )


def approve(case, by, consistent, months):
    """An approval with what article 3 asks."""
    case.decide(Approved, by, KNOWN, work_consistent=consistent, counted_experience_months=months)


def miss(case, by):
    """A deadline of the case recorded as missed at the end of the year, the first of those that are; or any, where none is."""
    late = replace(by, at=datetime(2024, 12, 31, 4, tzinfo=UTC))
    missed = next(unrecorded(case.state), Deadline(kind=DeadlineKind.DECIDE, due_on=due(DeadlineKind.DECIDE)))
    case.decide(DeadlineMissed, late, KNOWN, deadline=missed.kind, due_on=missed.due_on)


def review(case, by, outcome, decided_on=TODAY):
    """A review recorded on a day."""
    facts = {"outcome": outcome, "decided_on": decided_on, "reference": "浙复〔2024〕1号", "reason": "it does not hold"}
    case.decide(ReviewRecorded, by, KNOWN, **facts)


def transfer(case, by, code):
    """A transfer to an authority."""
    case.decide(Transferred, by, KNOWN, authority_code=code, reason="moved")


BY_THE_REGISTRY = frozenset(
    {"match", "require_rematch", "miss_deadline", "reject_by_rule", "withdraw_by_rule", "move_claim"}
)
"""The commands that the registry gives itself."""
BY_THE_HOLDER = {"answer": "noticed", "surrender": "approved"}
"""The commands that the holder gives alone, each with a past in which it would be allowed; a reviewer may give all others."""


OFFICERS = {
    "request_supplement": "matched",
    "confirm_match": "submitted",
    "transfer": "matched",
    "approve": "matched",
    "reject": "matched",
    "propose_revocation": "approved",
    "confirm_revocation": "heard",
    "propose_annulment": "approved",
    "confirm_annulment": "error-heard",
    "decline": "proposed",
    "give_notice": "proposed",
    "reinstate": "revoked",
    "confirm_reinstatement": "back-proposed",
    "reassess": "approved",
    "record_review": "approved",
}
"""What only a reviewer with jurisdiction does, each with a past in which it would be allowed."""
APPLICANTS = {"supplement": "matched", "withdraw": "matched"}
"""What whoever submitted the case, or its holder, does too."""


def ask(command: str, by: Actor, past: str | None = None) -> Given:
    """A command by somebody, on a past in which it would be allowed unless another is named."""
    past = past or (OFFICERS | APPLICANTS | BY_THE_HOLDER | dict.fromkeys(BY_THE_REGISTRY, "submitted"))[command]
    return given(past).when(lambda case: COMMANDS[command](case, act(by)))


def usual(command: str) -> Actor:
    """Who gives a command in the scenarios: somebody who may."""
    if command in BY_THE_REGISTRY:
        return REGISTRY
    if command in BY_THE_HOLDER:
        return APPLICANT
    not_ending_it = {"reinstate": SUPERIOR, "decline": OTHER_SUPERIOR, "confirm_reinstatement": OTHER_SUPERIOR}
    return not_ending_it.get(command, COLLEAGUE)
