"""What may be submitted, on which day (articles 1 and 5, closing article)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from domain.authorities import Authority, AuthorityDirectory, AuthorityKind, Division, DivisionLevel
from domain.base import Act
from domain.case.case import RecognitionCase
from domain.guards import Circumstances
from domain.identifiers import case_number
from domain.refusals import RefusalCode
from domain.values import CaseStatus, Certificate, DeadlineKind, Experience, Provenance, Role, shanghai_day
from tests.claims import claim_id
from tests.domain.cases import CASE, CATALOG, CERTIFICATE, FILE, HOLDER, KNOWN, PERSON, RULES, WORK, due, submitted
from tests.domain.scenario import APPLICANT, NOON, Given, act, actor

TODAY = date(2024, 5, 6)
LAST_INSTANT_BEFORE = datetime(2023, 10, 31, 15, 59, 59, 999_999, tzinfo=UTC)
COMMENCEMENT = datetime(2023, 10, 31, 16, tzinfo=UTC)
DAY = timedelta(days=1)


def submit(at=NOON, by=None, known=KNOWN, **changes):
    """A submission at an instant, valid but for the changes."""
    form = {
        "holder": PERSON,
        "certificate": CERTIFICATE,
        "authority_code": "330106-HR",
        "work_field": "电子信息",
        "experience": (WORK,),
        "evidence": (FILE,),
        "catalog_code": CATALOG,
        "catalog_version": 1,
        "claim_id": claim_id("Example Institute", "CEE-0042"),
    }
    return Given(RecognitionCase, CASE).when(
        lambda _: RecognitionCase.submit(by or act(APPLICANT, at), CASE, known, **form | changes)
    )


def test_a_submission_is_recorded_as_it_came():
    """Article 1: a certificate with evidence opens a case, under the version of the day, with the number people quote."""
    case = submit().then(submitted())
    assert (case.case_id, case.status, case.holder_ref) == (CASE, CaseStatus.SUBMITTED, HOLDER)
    assert (case.submitted_by, case.entry_number, case.proposal) == ("applicant", None, None)


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        (datetime(2023, 10, 31, 4, tzinfo=UTC), False),
        (LAST_INSTANT_BEFORE, False),
        (COMMENCEMENT, True),
        (datetime(2023, 11, 1, 4, tzinfo=UTC), True),
    ],
)
def test_nothing_is_recognised_before_commencement(at, allowed):
    """Closing article: the first day is 2023-11-01 in Shanghai, which begins at 16:00 UTC on 2023-10-31."""
    outcome = submit(at, certificate=Certificate(name="x"), experience=())
    if allowed:
        day = date(2023, 11, 1)
        case = outcome.then(
            submitted(
                certificate=Certificate(name="x"),
                experience=(),
                submitted_on=day,
                case_number=case_number(CASE, day, "ZJ"),
                accept_by=due(DeadlineKind.ACCEPT, day),
                decide_by=due(DeadlineKind.DECIDE, day),
            )
        )
        assert case.submitted_on == day
    else:
        outcome.refused(RefusalCode.BEFORE_COMMENCEMENT)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (LAST_INSTANT_BEFORE, date(2023, 10, 31)),
        (COMMENCEMENT, date(2023, 11, 1)),
        (datetime(2023, 12, 31, 16, tzinfo=UTC), date(2024, 1, 1)),
        (datetime(2024, 2, 28, 16, tzinfo=UTC), date(2024, 2, 29)),
    ],
)
def test_a_business_day_is_shanghais(instant, day):
    """Business dates are calendar days in Asia/Shanghai, whatever the zone of the instant."""
    assert shanghai_day(instant) == day


def test_a_naive_instant_is_no_instant():
    """An act without a zone is a defect of the caller, found before anything is recorded."""
    with pytest.raises(ValidationError, match="timezone"):
        act(APPLICANT, datetime(2024, 5, 6))  # noqa: DTZ001 - what the test is about


@pytest.mark.parametrize(
    ("issued", "expires", "code", "field"),
    [
        (None, None, None, None),
        (TODAY, None, None, None),
        (TODAY + DAY, None, RefusalCode.CERTIFICATE_NOT_YET_ISSUED, "certificate.issuedOn"),
        (None, TODAY, None, None),
        (None, TODAY - DAY, RefusalCode.CERTIFICATE_EXPIRED, "certificate.expiresOn"),
        (None, TODAY + DAY, None, None),
        (TODAY, TODAY, None, None),
        (TODAY - DAY, TODAY - 2 * DAY, RefusalCode.CERTIFICATE_DATES_CONTRADICT, "certificate.expiresOn"),
        (TODAY + DAY, TODAY, RefusalCode.CERTIFICATE_DATES_CONTRADICT, "certificate.expiresOn"),
        (date(2020, 2, 29), date(2024, 2, 29), RefusalCode.CERTIFICATE_EXPIRED, "certificate.expiresOn"),
    ],
)
def test_the_certificate_is_valid_on_the_day(issued, expires, code, field):
    """A certificate is good on the day it was issued and on the day it expires, both included, and not outside."""
    certificate = CERTIFICATE.model_copy(update={"issued_on": issued, "expires_on": expires})
    outcome = submit(certificate=certificate)
    if code is None:
        outcome.then(submitted(certificate=certificate))
    else:
        assert outcome.refused(code).field == field


@pytest.mark.parametrize(
    ("at", "allowed"),
    [(datetime(2024, 5, 6, 15, 59, 59, tzinfo=UTC), True), (datetime(2024, 5, 6, 16, tzinfo=UTC), False)],
)
def test_a_certificate_expires_at_midnight_in_shanghai(at, allowed):
    """A certificate that expires on 6 May is good until that day ends in Shanghai."""
    outcome = submit(at, certificate=Certificate(name="x", expires_on=TODAY))
    assert (outcome.refusal is None) == allowed
    if not allowed:
        outcome.refused(RefusalCode.CERTIFICATE_EXPIRED)


@pytest.mark.parametrize(
    ("start", "end", "allowed"),
    [
        (TODAY, TODAY, True),
        (TODAY - DAY, TODAY, True),
        (TODAY, TODAY - DAY, False),
        (TODAY, TODAY + DAY, False),
        (date(1980, 2, 29), date(1984, 2, 29), True),
    ],
)
def test_experience_lies_in_the_past_in_order(start, end, allowed):
    """A period of experience ends on the day it begins or later, and by the day of submission."""
    period = Experience(employer="Example GmbH", start=start, end=end, field="f")
    outcome = submit(experience=[WORK, period])
    if allowed:
        outcome.then(submitted(experience=(WORK, period)))
    else:
        assert outcome.refused(RefusalCode.INVALID_INPUT).field == "experience"


@pytest.mark.parametrize("code", ["", "330106", "330106-hr", "999999-HR"])
def test_the_authority_is_one_of_the_list(code):
    """Article 1: a case goes to an authority with title-management jurisdiction, which the directory knows."""
    assert submit(authority_code=code).refused(RefusalCode.UNKNOWN_AUTHORITY).field == "authorityCode"


@pytest.mark.parametrize(("day", "allowed"), [(5, False), (6, True), (7, True), (8, False)])
def test_the_authority_exists_on_the_day(day, allowed):
    """An authority takes cases from the day it is established until the day before it is abolished."""
    unit = Authority("U", "单位", AuthorityKind.PROVINCIAL_UNIT, "330000", established=TODAY, abolished=TODAY + 2 * DAY)
    directory = AuthorityDirectory([Division("330000", "浙江省", DivisionLevel.PROVINCE, None)], [unit])
    outcome = submit(NOON.replace(day=day), authority_code="U", known=Circumstances(directory, None, RULES))
    assert (outcome.refusal is None) == allowed
    if not allowed:
        outcome.refused(RefusalCode.UNKNOWN_AUTHORITY)


def test_a_case_without_a_governing_version_waits_for_one():
    """Where no version is in force the case is kept all the same, pinned to none."""
    case = submit(catalog_code=None, catalog_version=None, claim_id=None).then(
        submitted(catalog_code=None, catalog_version=None, claim_id=None)
    )
    assert (case.catalog_code, case.catalog_version, case.claim_id) == (None, None, None)


def test_every_event_says_who_when_and_by_what():
    """Every event carries its provenance, and the instant of recording apart from every business date."""
    by = Provenance(actor=APPLICANT, on_behalf_of="somebody", client="console", request_id="r-1")
    (event,) = submit(by=Act(by, NOON)).new
    assert (event.by, event.recorded_at, event.submitted_on) == (by, NOON, TODAY)


@pytest.mark.parametrize("role", list(Role))
def test_who_submits(role):
    """Article 1: an applicant submits, or a reviewer for one, or the registry what came on paper; nobody else."""
    by = act(actor("somebody", role, "330106-HR" if role is Role.REVIEWER else None))
    outcome = submit(by=by)
    if role in {Role.APPLICANT, Role.REVIEWER, Role.SYSTEM}:
        assert outcome.refusal is None
    else:
        outcome.refused(RefusalCode.NOT_PERMITTED)
