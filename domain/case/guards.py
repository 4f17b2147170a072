"""What must hold before each event that leads a case to its decision: who may, what may, and when.

The lists at the end are, with those of ``title_guards``, the whole law of a case. Messages hold no personal data; each names the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from domain.base import Act
from domain.case import events
from domain.case.due_days import DECIDED_DUE, REQUESTED_DUE, SUBMITTED_DUE, due_days, prolonged
from domain.case.state import OPEN
from domain.experience import covered_months
from domain.guards import Asks, Attempt, Guard, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import CaseStatus, DeadlineKind, Role, same_person, shanghai_day

MAX_COUNTED_MONTHS: Final = 720
"""Sixty years: more verified experience than a working life holds is a slip of the keyboard."""


# ── who ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHO, "article 1")
def submitters_only(attempt: Attempt) -> Refused | None:
    """An applicant submits, or a reviewer or the registry on paper received."""
    if attempt.event.by.actor.role in {Role.APPLICANT, Role.REVIEWER, Role.SYSTEM}:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("case.submitters_only"))


@guard(Asks.WHO, "the registry's own")
def registry_only(attempt: Attempt) -> Refused | None:
    """What follows by rule is recorded by the registry itself and by nobody in its name."""
    if attempt.event.by.actor.role is Role.SYSTEM:
        return None
    return Refused(
        RefusalCode.NOT_PERMITTED,
        tell("case.registry_only"),
    )


@guard(Asks.WHO, "article 1")
def reviewers_only(attempt: Attempt) -> Refused | None:
    """The authority decides, through its reviewers."""
    if attempt.event.by.actor.role is Role.REVIEWER:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("case.reviewers_only"))


@guard(Asks.WHO, "article 1, 按照职称管理权限")
def within_jurisdiction(attempt: Attempt) -> Refused | None:
    """The decider's authority has jurisdiction on the day of the act."""
    actor, day = attempt.event.by.actor, shanghai_day(attempt.event.timestamp)
    responsible = attempt.state.authority_code
    if actor.authority_code and attempt.known.jurisdiction.covers(actor.authority_code, responsible, day):
        return None
    return Refused(
        RefusalCode.OUTSIDE_JURISDICTION,
        tell("case.within_jurisdiction", responsible=responsible),
    )


@guard(Asks.WHO, "article 1")
def not_own_case(attempt: Attempt) -> Refused | None:
    """Nobody decides a case they submitted or are the holder of."""
    if not is_theirs(attempt):
        return None
    return Refused(RefusalCode.OWN_CASE, tell("case.not_own_case"))


@guard(Asks.WHO, "article 4; Administrative Reconsideration Law")
def did_not_end_it(attempt: Attempt) -> Refused | None:
    """Who proposed or confirmed the ending of a title takes no part in its being given back: proposing, declining, confirming, approving."""
    ending, actor = attempt.state.ending, attempt.event.by.actor
    if ending is None or not any(same_person(each, actor) for each in ending.officers):
        return None
    return Refused(RefusalCode.SAME_OFFICER, tell("title.did_not_end_it"))


@guard(Asks.WHO, "article 4; Administrative Reconsideration Law")
def another_than_reopened(attempt: Attempt) -> Refused | None:
    """Whoever recorded the review that opened the case of an ended title again does not give the title back by approving it."""
    state = attempt.state
    if state.ending is None or state.reopened_by is None or not same_person(state.reopened_by, attempt.event.by.actor):
        return None
    return Refused(RefusalCode.SAME_OFFICER, tell("case.another_than_reopened"))


@guard(Asks.WHO, "article 1")
def submitter_or_reviewer(attempt: Attempt) -> Refused | None:
    """Whoever submitted a case, or holds it, accompanies it; so does a reviewer with jurisdiction, on paper received."""
    if is_theirs(attempt):
        return None
    return reviewers_only(attempt) or within_jurisdiction(attempt)


# ── in which state ────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHEN, "the registry's own")
def still_open(attempt: Attempt) -> Refused | None:
    """Terminal states stay terminal, and a decision is taken once."""
    status = attempt.state.status
    if status in OPEN:
        return None
    if status is CaseStatus.APPROVED:
        return Refused(
            RefusalCode.CASE_CLOSED,
            tell("case.approved_already"),
        )
    return Refused(RefusalCode.CASE_CLOSED, tell("case.closed", status=status))


@guard(Asks.WHEN, "article 5")
def undecided(attempt: Attempt) -> Refused | None:
    """A decided case is matched no more: what it was decided on stays as it is, whatever an amendment says."""
    status = attempt.state.status
    if status in OPEN:
        return None
    return Refused(RefusalCode.CASE_CLOSED, tell("case.undecided", status=status))


@guard(Asks.WHEN, "article 5")
def moved_once(attempt: Attempt) -> Refused | None:
    """An amendment moves a pending case once."""
    if attempt.event.amendment_id not in attempt.state.rematched_for:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("case.moved_once"))


@guard(Asks.WHEN, "article 1")
def not_asked_already(attempt: Attempt) -> Refused | None:
    """One supplement is awaited at a time."""
    if attempt.state.status is not CaseStatus.SUPPLEMENT_REQUESTED:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("case.not_asked_already"))


@guard(Asks.WHEN, "article 1")
def nothing_awaited(attempt: Attempt) -> Refused | None:
    """No title is recognised while a supplement is awaited."""
    if attempt.state.status is not CaseStatus.SUPPLEMENT_REQUESTED:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("case.nothing_awaited"))


# ── on which day ──────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHEN, "closing article")
def after_commencement(attempt: Attempt) -> Refused | None:
    """Nothing is recognised on a day before the notice came into force."""
    first = attempt.known.rules.commencement
    if shanghai_day(attempt.event.timestamp) >= first:
        return None
    return Refused(RefusalCode.BEFORE_COMMENCEMENT, tell("case.after_commencement", commencement=first))


def dated(field: str) -> Guard:
    """The rule that a business day, under this field's name, is the day of recording."""

    @guard(Asks.WHEN, "the registry's own")
    def dated_as_recorded(attempt: Attempt) -> Refused | None:
        """The business day of an event is the day in Shanghai on which it is recorded."""
        stated, recorded = getattr(attempt.event, field), shanghai_day(attempt.event.timestamp)
        if stated == recorded:
            return None
        return Refused(RefusalCode.DAY_MISMATCH, tell("case.dated_as_recorded", recorded=recorded, stated=stated))

    return dated_as_recorded


def due_as_given(due: Mapping[str, DeadlineKind], applies: Callable[[Attempt], bool] = lambda _: True) -> Guard:
    """The rule on the last days that an event states, of which periods, where it ``applies``; no day follows where it does not."""

    @guard(Asks.WHEN, "set by the jurisdiction")
    def due_days_given(attempt: Attempt) -> Refused | None:
        """The last day of a period that an event states is the one that the jurisdiction's rules of its day give."""
        act = Act(attempt.event.by, attempt.event.timestamp)
        given = due_days(due, act, attempt.known) if applies(attempt) else {}
        return next(filter(None, (_stated(attempt, field, given.get(field)) for field in due)), None)

    return due_days_given


@guard(Asks.WHEN, "Administrative Licensing Law, article 45")
def prolonged_by_the_wait(attempt: Attempt) -> Refused | None:
    """The period to decide is prolonged by the working days for which a supplement was awaited, and by no other."""
    came = shanghai_day(attempt.event.timestamp)
    return _stated(attempt, "decide_by", prolonged(attempt.state, came, attempt.known))


# ── what ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHAT, "the registry's own")
def same_holder(attempt: Attempt) -> Refused | None:
    """Every event of a case is about the person who was submitted."""
    if attempt.event.holder_ref == attempt.state.holder_ref:
        return None
    return Refused(RefusalCode.OTHER_HOLDER, tell("case.same_holder"))


@guard(Asks.WHAT, "article 1")
def dates_agree(attempt: Attempt) -> Refused | None:
    """A certificate does not expire before it was issued."""
    issued, expires = attempt.event.certificate.issued_on, attempt.event.certificate.expires_on
    if not issued or not expires or issued <= expires:
        return None
    return Refused(
        RefusalCode.CERTIFICATE_DATES_CONTRADICT,
        tell("case.dates_agree", expires=expires, issued=issued),
        "certificate.expiresOn",
    )


@guard(Asks.WHAT, "article 1")
def issued_by_now(attempt: Attempt) -> Refused | None:
    """A certificate was issued by the day of submission."""
    issued, today = attempt.event.certificate.issued_on, shanghai_day(attempt.event.timestamp)
    if not issued or issued <= today:
        return None
    return Refused(
        RefusalCode.CERTIFICATE_NOT_YET_ISSUED,
        tell("case.issued_by_now", issued=issued, today=today),
        "certificate.issuedOn",
    )


@guard(Asks.WHAT, "article 1")
def still_valid(attempt: Attempt) -> Refused | None:
    """A certificate is valid on the day of submission."""
    expires = attempt.event.certificate.expires_on
    if not expires or expires >= shanghai_day(attempt.event.timestamp):
        return None
    return Refused(
        RefusalCode.CERTIFICATE_EXPIRED,
        tell("case.still_valid", expires=expires),
        "certificate.expiresOn",
    )


@guard(Asks.WHAT, "article 3")
def experience_is_past(attempt: Attempt) -> Refused | None:
    """A period of experience ends after it began and by the day of submission."""
    today = shanghai_day(attempt.event.timestamp)
    for period in attempt.event.experience:
        if not period.start <= period.end <= today:
            return Refused(
                RefusalCode.INVALID_INPUT,
                tell("case.experience_is_past", start=period.start, end=period.end),
                "experience",
            )
    return None


@guard(Asks.WHAT, "article 1")
def authority_exists(attempt: Attempt) -> Refused | None:
    """The authority named exists on the day."""
    code, day = attempt.event.authority_code, shanghai_day(attempt.event.timestamp)
    if attempt.known.jurisdiction.exists(code, day):
        return None
    return Refused(
        RefusalCode.UNKNOWN_AUTHORITY,
        tell("case.authority_exists", code=code, day=day),
        "authorityCode",
    )


@guard(Asks.WHAT, "article 1")
def another_authority(attempt: Attempt) -> Refused | None:
    """A case is handed to an authority that does not have it yet."""
    code = attempt.event.authority_code
    if code != attempt.state.authority_code:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("case.another_authority", code=code), "authorityCode")


@guard(Asks.WHAT, "article 1")
def adds_evidence(attempt: Attempt) -> Refused | None:
    """A supplement adds at least one file."""
    if attempt.event.evidence:
        return None
    return Refused(RefusalCode.INVALID_INPUT, tell("case.adds_evidence"), "evidence")


@guard(Asks.WHAT, "article 5")
def under_governing_version(attempt: Attempt) -> Refused | None:
    """A case is matched under the version that governs it: the one in force on its day, or that an amendment moved it to."""
    event, state = attempt.event, attempt.state
    if event.catalog_code != state.catalog_code or state.catalog_version in {None, event.catalog_version}:
        return None
    return Refused(
        RefusalCode.OTHER_VERSION,
        tell("case.under_governing_version", governing=state.catalog_version, named=event.catalog_version),
    )


@guard(Asks.WHAT, "article 5")
def entry_listed(attempt: Attempt) -> Refused | None:
    """The entry stands in the version that governs the case."""
    event, entries = attempt.event, attempt.known.entries
    place = (event.catalog_code, event.catalog_version, event.entry_number)
    if entries.entry_at(*place) is not None:
        return None
    code = RefusalCode.ENTRY_WITHDRAWN if entries.had(*place) else RefusalCode.UNKNOWN_ENTRY
    return Refused(
        code,
        tell("case.entry_listed", version=event.catalog_version, catalog=event.catalog_code, number=event.entry_number),
        "entryNumber",
    )


@guard(Asks.WHAT, "catalog, entries 88–90")
def grade_known(attempt: Attempt) -> Refused | None:
    """A grade is one that the entry awards by, or is left open."""
    event = attempt.event
    entry = attempt.known.entries.entry_at(event.catalog_code, event.catalog_version, event.entry_number)
    if event.grade is None or entry is None or entry.award_for(event.grade) is not None:
        return None
    grades = [award.grade for award in entry.awards if award.grade]
    if grades:
        said = tell("case.grade_among", number=entry.number, grade=event.grade, grades=grades)
    else:
        said = tell("case.grade_left_out", number=entry.number, grade=event.grade)
    return Refused(RefusalCode.UNKNOWN_GRADE, said, "grade")


@guard(Asks.WHAT, "article 1")
def matched(attempt: Attempt) -> Refused | None:
    """A title is recognised for an entry of the catalog."""
    if _entry_of(attempt) is not None:
        return None
    return Refused(RefusalCode.NOT_MATCHED, tell("case.matched"))


@guard(Asks.WHAT, "catalog, entries 88–90")
def title_settled(attempt: Attempt) -> Refused | None:
    """Where an entry awards by grade, the grade decides before anything is recognised."""
    entry = _entry_of(attempt)
    if entry is None or entry.award_for(attempt.state.grade) is not None:
        return None
    return Refused(RefusalCode.TITLE_OPEN, tell("case.title_settled", number=entry.number))


@guard(Asks.WHO, "article 1, 按照职称管理权限")
def within_competence(attempt: Attempt) -> Refused | None:
    """The decider's authority awards titles of this level, as the province's rules of the day have it."""
    entry, code = _entry_of(attempt), attempt.event.by.actor.authority_code
    award = entry.award_for(attempt.state.grade) if entry else None
    day = shanghai_day(attempt.event.timestamp)
    rank = attempt.known.jurisdiction.rank(code, day) if code else None
    if award is None or rank is None or award.level in attempt.known.rules.awards(*rank, day):
        return None
    return Refused(
        RefusalCode.BEYOND_COMPETENCE,
        tell("case.within_competence", level=award.level),
    )


@guard(Asks.WHAT, "article 3")
def months_in_a_life(attempt: Attempt) -> Refused | None:
    """Counted experience runs from no month to sixty years."""
    if 0 <= attempt.event.counted_experience_months <= MAX_COUNTED_MONTHS:
        return None
    return Refused(
        RefusalCode.INVALID_INPUT,
        tell("case.months_in_a_life", most=MAX_COUNTED_MONTHS),
        "countedExperienceMonths",
    )


@guard(Asks.WHO, "the registry's own: two officers where the rule set was sure")
def another_than_overrode(attempt: Attempt) -> Refused | None:
    """Whoever matched a certificate to another entry than the rule set was sure of does not approve it."""
    overridden_by = attempt.state.overridden_by
    if overridden_by is None or not same_person(overridden_by, attempt.event.by.actor):
        return None
    return Refused(
        RefusalCode.SAME_OFFICER,
        tell("case.another_than_overrode"),
    )


@guard(Asks.WHAT, "article 1, 按要求提供相关佐证材料")
def evidence_or_opinion(attempt: Attempt) -> Refused | None:
    """A title rests on evidence, or on the officer's stated opinion why none was needed."""
    if attempt.state.evidence or _has_opinion(attempt):
        return None
    return Refused(
        RefusalCode.NO_EVIDENCE,
        tell("case.evidence_or_opinion"),
        "opinion",
    )


@guard(Asks.WHEN, "article 1")
def valid_or_opinion(attempt: Attempt) -> Refused | None:
    """A certificate that expired before the decision counts only where the officer states why."""
    expires = attempt.state.certificate.expires_on
    if not expires or expires >= shanghai_day(attempt.event.timestamp) or _has_opinion(attempt):
        return None
    return Refused(
        RefusalCode.CERTIFICATE_EXPIRED,
        tell("case.valid_or_opinion", expires=expires),
        "opinion",
    )


@guard(Asks.WHAT, "article 3, 境外相应专业从业经历可计入专业工作经历")
def within_submitted_experience(attempt: Attempt) -> Refused | None:
    """Counted experience never exceeds what the submitted periods cover, overlaps counted once."""
    covered = covered_months((*attempt.state.experience, *getattr(attempt.event, "experience", ())))
    if attempt.event.counted_experience_months <= covered:
        return None
    return Refused(
        RefusalCode.EXPERIENCE_NOT_COVERED,
        tell("case.within_submitted_experience", covered=covered),
        "countedExperienceMonths",
    )


@guard(Asks.WHEN, "article 4")
def nothing_proposed(attempt: Attempt) -> Refused | None:
    """One thing is proposed about a title at a time, and decided before its recognition is decided anew."""
    if attempt.state.proposal is None:
        return None
    return Refused(
        RefusalCode.PROPOSAL_PENDING,
        tell("title.nothing_proposed"),
    )


@guard(Asks.WHEN, "article 4")
def no_title_stands(attempt: Attempt) -> Refused | None:
    """A title that stands while its decision is taken anew ends by annulment, revocation or surrender only."""
    if not attempt.state.title_stands:
        return None
    return Refused(RefusalCode.TITLE_STANDS, tell("case.no_title_stands"))


@guard(Asks.WHAT, "article 3")
def counted_where_consistent(attempt: Attempt) -> Refused | None:
    """Experience counts only where present work is consistent with the qualification."""
    if attempt.event.work_consistent or not attempt.event.counted_experience_months:
        return None
    return Refused(
        RefusalCode.INVALID_INPUT,
        tell("case.counted_where_consistent"),
        "countedExperienceMonths",
    )


def is_theirs(attempt: Attempt) -> bool:
    """Whether who acts submitted the case or is its holder."""
    actor = attempt.event.by.actor
    return bool(actor.subject == attempt.state.submitted_by or actor.holder_ref == attempt.state.holder_ref)


def _stated(attempt: Attempt, field: str, given: date | None) -> Refused | None:
    stated = getattr(attempt.event, field)
    if stated in {None, given}:
        return None
    return Refused(RefusalCode.DAY_MISMATCH, tell("case.due_as_given", stated=stated, given=given or "—"))


def _has_opinion(attempt: Attempt) -> bool:
    """Whether an opinion is stated; what an erasure took may have been one."""
    return attempt.event.opinion is not None or attempt.state.holder.name is None


def _entry_of(attempt: Attempt) -> Any:
    state = attempt.state
    if state.entry_number is None:
        return None
    return attempt.known.entries.entry_at(state.catalog_code, state.catalog_version, state.entry_number)


def _by_hand(event: events.Matched) -> bool:
    return event.by_hand


def _by_rule(event: events.Matched) -> bool:
    return not event.by_hand


def _by_officer(event: Any) -> bool:
    return event.code is None


def _by_registry(event: Any) -> bool:
    return event.code is not None


# ── the lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────
DECIDING: Final = (reviewers_only, within_jurisdiction, not_own_case, still_open, same_holder)
"""Matching by hand, asking for a supplement, transferring, approving, rejecting."""
ACCOMPANYING: Final = (submitter_or_reviewer, still_open, same_holder)
"""Supplementing and withdrawing."""
BY_RULE: Final = (registry_only, undecided, same_holder)
"""What the registry does by itself."""

COURSE: Final[Guards] = {
    events.Submitted: (
        submitters_only,
        after_commencement,
        dates_agree,
        issued_by_now,
        still_valid,
        experience_is_past,
        authority_exists,
        dated("submitted_on"),
        due_as_given(SUBMITTED_DUE),
    ),
    events.CandidatesListed: BY_RULE,
    events.Matched: (
        *(each.where(_by_rule) for each in BY_RULE),
        *(each.where(_by_hand) for each in DECIDING),
        under_governing_version,
        entry_listed,
        grade_known,
    ),
    events.RematchRequired: (*BY_RULE, moved_once),
    events.SupplementRequested: (*DECIDING, not_asked_already, due_as_given(REQUESTED_DUE)),
    events.Supplemented: (*ACCOMPANYING, adds_evidence, prolonged_by_the_wait),
    events.Transferred: (*DECIDING, another_authority, authority_exists),
    events.Approved: (
        *DECIDING,
        nothing_awaited,
        matched,
        title_settled,
        another_than_overrode,
        did_not_end_it,
        another_than_reopened,
        nothing_proposed,
        evidence_or_opinion,
        valid_or_opinion,
        within_competence,
        months_in_a_life,
        counted_where_consistent,
        within_submitted_experience,
        dated("recognized_on"),
        due_as_given(DECIDED_DUE),
    ),
    events.Rejected: (
        *(each.where(_by_registry) for each in BY_RULE),
        *(each.where(_by_officer) for each in DECIDING),
        no_title_stands,
        due_as_given(DECIDED_DUE),
    ),
    events.Withdrawn: (
        *(each.where(_by_registry) for each in BY_RULE),
        *(each.where(_by_officer) for each in ACCOMPANYING),
        no_title_stands,
    ),
    events.CertificateClaimMoved: (registry_only, same_holder),
}
"""The events that lead to a decision, and what must hold before each is recorded."""
