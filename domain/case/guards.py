"""What must hold before each event of a case: who may, what may, and when. The lists at the end are the whole law of a case.

Messages hold no personal data; each names the way out.
"""

from __future__ import annotations

from typing import Any, Final

from domain.case import events
from domain.case.state import OPEN
from domain.guards import Asks, Attempt, Guard, Guards, guard
from domain.refusals import RefusalCode, Refused
from domain.values import CaseStatus, Role, shanghai_day

MAX_COUNTED_MONTHS: Final = 720
"""Sixty years: more verified experience than a working life holds is a slip of the keyboard."""


# ── who ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHO, "article 1")
def submitters_only(attempt: Attempt) -> Refused | None:
    """An applicant submits, or a reviewer or the registry on paper received."""
    if attempt.event.by.actor.role in {Role.APPLICANT, Role.REVIEWER, Role.SYSTEM}:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, "Only an applicant, or a reviewer for one, submits a case; ask one to.")


@guard(Asks.WHO, "the registry's own")
def registry_only(attempt: Attempt) -> Refused | None:
    """What follows by rule is recorded by the registry itself and by nobody in its name."""
    if attempt.event.by.actor.role is Role.SYSTEM:
        return None
    return Refused(
        RefusalCode.NOT_PERMITTED,
        "The registry does this by itself; a reviewer confirms a match, an administrator issues an amendment instead.",
    )


@guard(Asks.WHO, "article 1")
def reviewers_only(attempt: Attempt) -> Refused | None:
    """The authority decides, through its reviewers."""
    if attempt.event.by.actor.role is Role.REVIEWER:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, "Only a reviewer of the responsible authority does this; hand it to one.")


@guard(Asks.WHO, "article 1, 按照职称管理权限")
def within_jurisdiction(attempt: Attempt) -> Refused | None:
    """The decider's authority has jurisdiction on the day of the act."""
    actor, day = attempt.event.by.actor, shanghai_day(attempt.event.timestamp)
    responsible = attempt.state.authority_code
    if actor.authority_code and attempt.known.jurisdiction.covers(actor.authority_code, responsible, day):
        return None
    return Refused(
        RefusalCode.OUTSIDE_JURISDICTION,
        f"The case belongs to authority {responsible}; a reviewer of it, or of one above it, decides.",
    )


@guard(Asks.WHO, "article 1")
def not_own_case(attempt: Attempt) -> Refused | None:
    """Nobody decides a case they submitted or are the holder of."""
    if not _is_theirs(attempt):
        return None
    return Refused(RefusalCode.OWN_CASE, "You submitted this case or are its holder; another reviewer must decide it.")


@guard(Asks.WHO, "article 1")
def submitter_or_reviewer(attempt: Attempt) -> Refused | None:
    """Whoever submitted a case, or holds it, accompanies it; so does a reviewer with jurisdiction, on paper received."""
    if _is_theirs(attempt):
        return None
    return reviewers_only(attempt) or within_jurisdiction(attempt)


@guard(Asks.WHO, "article 4")
def another_officer(attempt: Attempt) -> Refused | None:
    """The officer who proposed a revocation does not confirm it."""
    proposed = attempt.state.revocation
    if proposed is None or proposed.proposed_by != attempt.event.by.actor.subject:
        return None
    return Refused(
        RefusalCode.SAME_OFFICER, "You proposed this revocation; another officer must confirm it (article 4)."
    )


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
            "The case is approved already; a title is undone by revocation, not by deciding anew.",
        )
    return Refused(RefusalCode.CASE_CLOSED, f"The case is {status.value}; submit a new one instead.")


@guard(Asks.WHEN, "article 5")
def undecided(attempt: Attempt) -> Refused | None:
    """A decided case is matched no more: what it was decided on stays as it is, whatever an amendment says."""
    status = attempt.state.status
    if status in OPEN:
        return None
    return Refused(RefusalCode.CASE_CLOSED, f"The case is {status.value}; it is matched no more.")


@guard(Asks.WHEN, "article 5")
def moved_once(attempt: Attempt) -> Refused | None:
    """An amendment moves a pending case once."""
    if attempt.event.amendment_id not in attempt.state.rematched_for:
        return None
    return Refused(RefusalCode.WRONG_STATE, "This amendment moved the case already; it does so once.")


@guard(Asks.WHEN, "article 1")
def not_asked_already(attempt: Attempt) -> Refused | None:
    """One supplement is awaited at a time."""
    if attempt.state.status is not CaseStatus.SUPPLEMENT_REQUESTED:
        return None
    return Refused(RefusalCode.WRONG_STATE, "A supplement is requested already; wait for it, or decide without it.")


@guard(Asks.WHEN, "article 1")
def nothing_awaited(attempt: Attempt) -> Refused | None:
    """No title is recognised while a supplement is awaited."""
    if attempt.state.status is not CaseStatus.SUPPLEMENT_REQUESTED:
        return None
    return Refused(RefusalCode.WRONG_STATE, "A supplement is awaited; approve once it has come.")


@guard(Asks.WHEN, "article 4")
def title_stands(attempt: Attempt) -> Refused | None:
    """Only a title that stands is revoked."""
    status = attempt.state.status
    if status is CaseStatus.APPROVED:
        return None
    if status is CaseStatus.REVOKED:
        return Refused(RefusalCode.CASE_CLOSED, "The title is revoked already; only reinstatement changes that.")
    return Refused(RefusalCode.WRONG_STATE, f"The case is {status.value}; only an approved title can be revoked.")


@guard(Asks.WHEN, "article 4")
def nothing_proposed(attempt: Attempt) -> Refused | None:
    """One revocation is proposed at a time."""
    if attempt.state.revocation is None:
        return None
    return Refused(
        RefusalCode.REVOCATION_ALREADY_PROPOSED, "A revocation is proposed already; another officer may confirm it."
    )


@guard(Asks.WHEN, "article 4")
def proposed_before(attempt: Attempt) -> Refused | None:
    """A revocation is confirmed that somebody proposed."""
    if attempt.state.revocation is not None:
        return None
    return Refused(RefusalCode.REVOCATION_NOT_PROPOSED, "No revocation is proposed; propose it first.")


@guard(Asks.WHEN, "article 4")
def title_revoked(attempt: Attempt) -> Refused | None:
    """Only a revoked title is reinstated."""
    status = attempt.state.status
    if status is CaseStatus.REVOKED:
        return None
    return Refused(RefusalCode.WRONG_STATE, f"The case is {status.value}; only a revoked title is reinstated.")


# ── on which day ──────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHEN, "closing article")
def after_commencement(attempt: Attempt) -> Refused | None:
    """Nothing is recognised on a day before the notice came into force."""
    first = attempt.known.rules.commencement
    if shanghai_day(attempt.event.timestamp) >= first:
        return None
    return Refused(
        RefusalCode.BEFORE_COMMENCEMENT, f"Nothing is recognised before {first}; submit on that day or later."
    )


def _dated(field: str) -> Guard:
    @guard(Asks.WHEN, "the registry's own")
    def dated_as_recorded(attempt: Attempt) -> Refused | None:
        """The business day of an event is the day in Shanghai on which it is recorded."""
        stated, recorded = getattr(attempt.event, field), shanghai_day(attempt.event.timestamp)
        if stated == recorded:
            return None
        return Refused(
            RefusalCode.DAY_MISMATCH, f"It is recorded on {recorded} and states {stated}; state the day of recording."
        )

    return dated_as_recorded


# ── what ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHAT, "the registry's own")
def same_holder(attempt: Attempt) -> Refused | None:
    """Every event of a case is about the person who was submitted."""
    if attempt.event.holder_ref == attempt.state.holder_ref:
        return None
    return Refused(RefusalCode.OTHER_HOLDER, "The case is about another person; name the holder it was submitted for.")


@guard(Asks.WHAT, "article 1")
def dates_agree(attempt: Attempt) -> Refused | None:
    """A certificate does not expire before it was issued."""
    issued, expires = attempt.event.certificate.issued_on, attempt.event.certificate.expires_on
    if not issued or not expires or issued <= expires:
        return None
    return Refused(
        RefusalCode.CERTIFICATE_DATES_CONTRADICT,
        f"The certificate expires ({expires}) before it was issued ({issued}); correct the dates.",
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
        f"The certificate is dated {issued}, after today ({today}); correct the date.",
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
        f"The certificate expired on {expires}; renew it and submit the valid one.",
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
                f"A period of experience runs from {period.start} to {period.end}; it must end after it began and by today.",
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
        f"No authority {code} exists on {day}; choose one from the list of authorities.",
        "authorityCode",
    )


@guard(Asks.WHAT, "article 1")
def another_authority(attempt: Attempt) -> Refused | None:
    """A case is handed to an authority that does not have it yet."""
    code = attempt.event.authority_code
    if code != attempt.state.authority_code:
        return None
    return Refused(RefusalCode.WRONG_STATE, f"The case is with {code} already; name another.", "authorityCode")


@guard(Asks.WHAT, "article 1")
def adds_evidence(attempt: Attempt) -> Refused | None:
    """A supplement adds at least one file."""
    if attempt.event.evidence:
        return None
    return Refused(RefusalCode.INVALID_INPUT, "The supplement holds no evidence; add at least one file.", "evidence")


@guard(Asks.WHAT, "article 5")
def under_governing_version(attempt: Attempt) -> Refused | None:
    """A case is matched under the version that governs it: the one in force on its day, or that an amendment moved it to."""
    event, state = attempt.event, attempt.state
    if event.catalog_code != state.catalog_code or state.catalog_version in {None, event.catalog_version}:
        return None
    return Refused(
        RefusalCode.OTHER_VERSION,
        f"Version {state.catalog_version} governs the case, not {event.catalog_version}; match it under that one.",
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
        f"Version {event.catalog_version} of {event.catalog_code} has no entry {event.entry_number}; choose one that it has.",
        "entryNumber",
    )


@guard(Asks.WHAT, "catalog, entries 88–90")
def grade_known(attempt: Attempt) -> Refused | None:
    """A grade is one that the entry awards by, or is left open."""
    event = attempt.event
    entry = attempt.known.entries.entry_at(event.catalog_code, event.catalog_version, event.entry_number)
    if event.grade is None or entry is None or entry.award_for(event.grade) is not None:
        return None
    grades = ", ".join(award.grade for award in entry.awards if award.grade)
    way_out = f"choose one of {grades}" if grades else "leave the grade out"
    return Refused(RefusalCode.UNKNOWN_GRADE, f"Entry {entry.number} knows no grade {event.grade}; {way_out}.", "grade")


@guard(Asks.WHAT, "article 1")
def matched(attempt: Attempt) -> Refused | None:
    """A title is recognised for an entry of the catalog."""
    if _entry_of(attempt) is not None:
        return None
    return Refused(RefusalCode.NOT_MATCHED, "The case matches no entry yet; confirm the match first.")


@guard(Asks.WHAT, "catalog, entries 88–90")
def title_settled(attempt: Attempt) -> Refused | None:
    """Where an entry awards by grade, the grade decides before anything is recognised."""
    entry = _entry_of(attempt)
    if entry is None or entry.award_for(attempt.state.grade) is not None:
        return None
    return Refused(
        RefusalCode.TITLE_OPEN, f"Entry {entry.number} awards by grade; confirm the match with its grade first."
    )


@guard(Asks.WHO, "article 1, 按照职称管理权限")
def within_competence(attempt: Attempt) -> Refused | None:
    """The decider's authority awards titles of this level, as the province's rules have it."""
    entry, code = _entry_of(attempt), attempt.event.by.actor.authority_code
    award = entry.award_for(attempt.state.grade) if entry else None
    rank = attempt.known.jurisdiction.rank(code, shanghai_day(attempt.event.timestamp)) if code else None
    if award is None or rank is None or award.level in attempt.known.rules.awards(*rank):
        return None
    return Refused(
        RefusalCode.BEYOND_COMPETENCE,
        f"Your authority awards no title of the level {award.level}; let one that does approve, or transfer the case to it.",
    )


@guard(Asks.WHAT, "article 3")
def months_in_a_life(attempt: Attempt) -> Refused | None:
    """Counted experience runs from no month to sixty years."""
    if 0 <= attempt.event.counted_experience_months <= MAX_COUNTED_MONTHS:
        return None
    return Refused(
        RefusalCode.INVALID_INPUT,
        f"Counted experience runs from 0 to {MAX_COUNTED_MONTHS} months; correct it.",
        "countedExperienceMonths",
    )


@guard(Asks.WHAT, "article 3")
def counted_where_consistent(attempt: Attempt) -> Refused | None:
    """Experience counts only where present work is consistent with the qualification."""
    if attempt.event.work_consistent or not attempt.event.counted_experience_months:
        return None
    return Refused(
        RefusalCode.INVALID_INPUT,
        "Experience counts only where present work is consistent with the qualification (article 3); count 0 months.",
        "countedExperienceMonths",
    )


@guard(Asks.WHAT, "article 4")
def confirmed_as_proposed(attempt: Attempt) -> Refused | None:
    """What is confirmed is the ground that was proposed."""
    proposed = attempt.state.revocation
    if proposed is None or proposed.ground == attempt.event.ground:
        return None
    return Refused(
        RefusalCode.TERMS_CHANGED, "The ground is not the one that was proposed; confirm that one, or propose anew."
    )


def _is_theirs(attempt: Attempt) -> bool:
    actor = attempt.event.by.actor
    return bool(actor.subject == attempt.state.submitted_by or actor.holder_ref == attempt.state.holder_ref)


def _entry_of(attempt: Attempt) -> Any:
    state = attempt.state
    if state.entry_number is None:
        return None
    return attempt.known.entries.entry_at(state.catalog_code, state.catalog_version, state.entry_number)


def _by_hand(event: events.Matched) -> bool:
    return event.by_hand


def _by_rule(event: events.Matched) -> bool:
    return not event.by_hand


# ── the lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────
DECIDING: Final = (reviewers_only, within_jurisdiction, not_own_case, still_open, same_holder)
"""Matching by hand, asking for a supplement, transferring, approving, rejecting."""
ACCOMPANYING: Final = (submitter_or_reviewer, still_open, same_holder)
"""Supplementing and withdrawing."""
REVIEWING_A_TITLE: Final = (reviewers_only, within_jurisdiction, not_own_case, same_holder)
"""Revoking and reinstating (article 4)."""
BY_RULE: Final = (registry_only, undecided, same_holder)
"""What the registry does by itself."""

GUARDS: Final[Guards] = {
    events.Submitted: (
        submitters_only,
        after_commencement,
        dates_agree,
        issued_by_now,
        still_valid,
        experience_is_past,
        authority_exists,
        _dated("submitted_on"),
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
    events.SupplementRequested: (*DECIDING, not_asked_already),
    events.Supplemented: (*ACCOMPANYING, adds_evidence),
    events.Transferred: (*DECIDING, another_authority, authority_exists),
    events.Approved: (
        *DECIDING,
        nothing_awaited,
        matched,
        title_settled,
        within_competence,
        months_in_a_life,
        counted_where_consistent,
        _dated("recognized_on"),
    ),
    events.Rejected: DECIDING,
    events.Withdrawn: ACCOMPANYING,
    events.RevocationProposed: (*REVIEWING_A_TITLE, title_stands, nothing_proposed),
    events.Revoked: (
        *REVIEWING_A_TITLE,
        title_stands,
        proposed_before,
        another_officer,
        confirmed_as_proposed,
        _dated("revoked_on"),
    ),
    events.Reinstated: (*REVIEWING_A_TITLE, title_revoked),
}
"""Every event of a case, and what must hold before it is recorded."""
