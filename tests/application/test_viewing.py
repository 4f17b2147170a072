"""What somebody is shown: the ``Viewer`` with real seals, over rows as they are kept, and what it remembers of persons it showed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID, uuid4

import pytest

from application.access import Scope
from application.folding import case_view
from application.sealed_values import SEALED, place
from application.seals import Seal, text_of
from application.viewing import RecordRow, Viewer
from application.views import CandidateView, HolderView, IntegrityRecordView, ReasonView
from domain.values import Actor, Role
from infrastructure.sealing.opening import KeyringSeals
from infrastructure.sealing.seals import seal
from tests.domain.cases import CASE, HOLDER, given
from tests.domain.scenario import REVIEWER, actor
from tests.keys_in_memory import InMemoryKeyring

OFFICE = Scope(authorities=frozenset({"330106-HR"}))
ELSEWHERE = Scope(authorities=frozenset({"330200-HR"}))
OWN = Scope(subject="applicant")


@pytest.fixture
def keyring():
    """Keys of one process; the cryptography over them is the real one."""
    made = InMemoryKeyring()
    made.key_for(HOLDER)
    return made


def sealed(keyring, text, stream=CASE):
    """A text as a row keeps it."""
    bound = place(stream, 1, "t", "p")
    return text_of(Seal(1, "t", "p", seal(keyring.key_for(HOLDER), text, bound)[SEALED]))


def quoting(keyring, text):
    """A reason that quotes what somebody typed."""
    return ReasonView(code="match.corrected", facts=(), typed=(sealed(keyring, text),))


def quoted(candidate):
    """What a candidate's reasons quote."""
    return tuple(text for reason in candidate.reasons for text in reason.typed)


@pytest.fixture
def row(keyring):
    """A case as its row is kept: persons sealed, two candidates with reasons."""
    view = case_view(given("revoked").when(lambda _: None).state, 7)
    person = replace(
        view.holder,
        name=sealed(keyring, "王小明"),
        id_type=sealed(keyring, "RESIDENT_ID"),
        id_number=sealed(keyring, "11010519491231002X"),
    )
    candidates = (
        CandidateView(number=1, grade=None, score=0.5, reasons=(quoting(keyring, "first"), quoting(keyring, "second"))),
    )
    certificate = replace(view.certificate, name=sealed(keyring, "Engineer"), grade=None)
    evidence = tuple(replace(each, file_name=sealed(keyring, "证书.pdf")) for each in view.evidence)
    return replace(
        view,
        holder=person,
        candidates=candidates,
        certificate=certificate,
        evidence=evidence,
        work_field=sealed(keyring, "电子信息"),
    )


def viewer(keyring, who=REVIEWER, scope=OFFICE, reason=None):
    """Somebody who reads."""
    return Viewer(who, scope, KeyringSeals(keyring), reason)


AUDITOR = actor("auditor", Role.AUDITOR)


@pytest.mark.parametrize(
    ("who", "scope", "reason", "clear"),
    [
        (REVIEWER, OFFICE, None, True),
        (REVIEWER, ELSEWHERE, None, False),
        (REVIEWER, Scope(subject=None, holder_ref=HOLDER), None, True),
        (actor("applicant", Role.APPLICANT), OWN, None, True),
        (actor("stranger", Role.APPLICANT), Scope(subject="stranger"), None, False),
        (AUDITOR, Scope(everything=True), None, False),
        (AUDITOR, Scope(everything=True), "an appeal", True),
        (actor("verifier", Role.VERIFIER), Scope(everything=True), "an appeal", False),
        (None, Scope(), "an appeal", False),
    ],
)
def test_a_person_is_read_by_a_role_that_reads_persons_in_a_row_it_sees(keyring, row, who, scope, reason, clear):
    """Both are needed: a stranger's row stays masked for an officer, a seen row for a verifier."""
    reader = viewer(keyring, who, scope, reason)
    assert reader.in_clear(row) is clear
    assert reader.actor == who
    assert (reader.scope, reader.reason) == (scope, reason)
    shown = reader.show(row, row, "case")
    assert (shown.holder.name, shown.certificate.name, shown.work_field) == (
        ("王小明", "Engineer", "电子信息") if clear else (None, None, None)
    )
    assert quoted(shown.candidates[0]) == (("first", "second") if clear else ())
    assert shown.evidence[0].file_name == ("证书.pdf" if clear else None)
    assert (shown.case_number, shown.certificate.issued_on) == (row.case_number, row.certificate.issued_on)
    assert reader.value(row, "work_field") == ("电子信息" if clear else None)
    assert reader.shown == ({HOLDER: {"case", "work_field"}} if clear else {})


def test_only_the_fields_that_are_asked_for_are_opened(keyring, row):
    """The others are masked, lists too; parts within are shown whole."""
    reader = viewer(keyring)
    part = reader.show(row, row.holder, "holder", ["name"])
    assert (part.name, part.id_number) == ("王小明", None)
    assert quoted(reader.show(row, row.candidates, "candidates", ["reasons"])[0]) == ("first", "second")
    whole = reader.show(row, row, "case", ["work_field"])
    assert (whole.work_field, whole.ending_ground, whole.holder.name) == ("电子信息", None, "王小明")
    assert row.ending_ground is not None


def test_where_nothing_personal_was_shown_nothing_is_noted(keyring, row):
    """A part whose fields were not asked for leaves no line in the access log; one of several leaves one."""
    reader = viewer(keyring)
    reader.show(row, row.certificate, "certificate", ["grade"])
    assert reader.shown == {}
    reader.note(HOLDER, "names", [None, None])
    reader.note(HOLDER, "names", [])
    assert reader.shown == {}
    reader.show(row, row.candidates[0], "candidates")
    reader.note(HOLDER, "names", [None, "王小明"])
    reader.note(HOLDER, "file")
    assert reader.shown == {HOLDER: {"candidates", "names", "file"}}


def test_what_is_shown_within_a_part_is_noted(keyring, row):
    """A case of which no field of its own was asked for shows its holder all the same."""
    reader = viewer(keyring)
    bare = replace(row, work_field=None, ending_ground=None, pending=(), candidates=(), evidence=())
    reader.show(bare, bare, "case")
    assert reader.shown == {HOLDER: {"case"}}


def test_an_erased_person_is_shown_as_erased(keyring, row):
    """Where the key is gone the row's seals open to nothing, and the person reads as erased; a person without a name does not."""
    nameless = viewer(keyring).show(row, replace(row.holder, name=None), "holder")
    assert not nameless.erased
    assert not viewer(keyring).show(row, row.holder, "holder").erased
    assert not viewer(keyring).show(row, row.holder, "holder", []).erased
    keyring.destroy(HOLDER)
    reader = viewer(keyring)
    shown = reader.show(row, row, "case")
    assert (shown.holder.name, shown.holder.erased) == (None, True)
    assert quoted(shown.candidates[0]) == ()
    assert reader.show(row, row.holder, "holder", []).erased
    already = reader.show(row, replace(row.holder, erased=True), "holder")
    assert already.erased
    assert reader.value(row, "work_field") is None
    again = viewer(keyring)
    assert again.value(row, "work_field") is None
    assert again.shown == {}


def test_a_person_whose_erasure_is_recorded_reads_as_erased_before_the_key_is_destroyed(keyring, row):
    """The row says so already; an event of the case that holds nothing personal shows nobody."""
    assert viewer(keyring).show(row, replace(row.holder, erased=True), "holder").erased
    reader = viewer(keyring)
    moved = given("rematch").when(lambda _: None).past[-1]
    assert reader.facts(moved, row)["catalog_version"] == 2
    assert reader.shown == {}


def test_a_value_that_is_not_there_is_none_and_noted_nowhere(keyring, row):
    """An optional field that nobody filled in shows nobody."""
    reader = viewer(keyring)
    assert reader.value(replace(row, work_field=None), "work_field") is None
    assert reader.shown == {}


@pytest.mark.parametrize(
    ("scope", "officially"),
    [
        (OFFICE, True),
        (ELSEWHERE, False),
        (OWN, False),
        (Scope(everything=True), True),
        (Scope(holder_ref=HOLDER), False),
    ],
)
def test_an_office_sees_its_drafts_and_a_holder_does_not(keyring, row, scope, officially):
    """What the authority has not told yet is its own."""
    assert viewer(keyring, scope=scope).officially(row) is officially


def test_a_viewer_tells_whether_it_has_to_wait_for_a_key(keyring):
    """So that nothing blocks the loop that serves everybody."""
    assert viewer(keyring).at_hand(HOLDER) is True
    assert viewer(keyring).at_hand(uuid4()) is False


def submission():
    """The event that began the case."""
    return given("submitted").when(lambda _: None).past[0]


@pytest.mark.parametrize(
    ("who", "scope", "reason", "with_row", "clear"),
    [
        (REVIEWER, OFFICE, None, True, True),
        (REVIEWER, ELSEWHERE, None, True, False),
        (REVIEWER, OFFICE, None, False, False),
        (AUDITOR, Scope(everything=True), "an appeal", False, True),
        (AUDITOR, Scope(everything=True), None, False, False),
        (AUDITOR, Scope(everything=True), "an appeal", True, True),
        (actor("verifier", Role.VERIFIER), Scope(everything=True), None, False, False),
    ],
)
def test_an_events_persons_are_read_in_the_case_or_by_who_sees_all(keyring, row, who, scope, reason, with_row, clear):
    """Without the case that an event belongs to, only who sees everything reads the person in it."""
    reader = viewer(keyring, who, scope, reason)
    facts = reader.facts(submission(), row if with_row else None)
    assert facts["holder"]["name"] == ("王小明" if clear else None)
    assert facts["experience"][0]["employer"] == ("Example GmbH" if clear else None)
    assert facts["authority_code"] == "330106-HR"
    assert reader.shown == ({HOLDER: {"event"}} if clear else {})


def test_data_that_is_kept_and_not_processed_is_masked_in_events(keyring, row):
    """Of a restricted holder an event tells what is not personal."""
    reader = viewer(keyring)
    reader.withheld = {HOLDER}
    assert reader.facts(submission(), row)["holder"]["name"] is None
    reader.withheld = {UUID(int=5)}
    assert reader.facts(submission(), row)["holder"]["name"] == "王小明"


def test_an_event_about_nobody_shows_nobody(keyring):
    """A catalog's events have no holder, and are told as they are."""
    from tests.domain import catalogs

    past = catalogs.given(catalogs.proposed(2, catalogs.terms(catalogs.add(101)))).when(lambda _: None).past
    reader = viewer(keyring, AUDITOR, Scope(everything=True), "an appeal")
    facts = reader.facts(past[-1])
    assert facts
    assert reader.shown == {}


def test_a_record_is_seen_through_the_office_or_as_the_person(keyring):
    """A record of the archive is a row of whoever was shown it: it lies in their scope, is nobody's submission, and about its holder."""
    record = IntegrityRecordView(
        record_id=uuid4(),
        case_id=CASE,
        case_number="ZJ-1",
        holder_ref=HOLDER,
        authority_code="330200-HR",
        ground=sealed(keyring, "forged"),
        findings=None,
        filed_on=date(2024, 5, 6),
        lapses_on=date(2027, 5, 6),
        overturned=False,
    )
    scope = Scope(authorities=frozenset({"330106-HR", "330106-EI"}))
    row = RecordRow.of(record, scope, CASE)
    assert (row.case_id, row.responsible_code, row.submitted_by) == (CASE, "330106-EI", "")
    assert row.holder == HolderView(ref=HOLDER, name=None, id_type=None, id_number=None)
    assert viewer(keyring, scope=scope).show(row, record, "record").ground == "forged"
    nobody = RecordRow.of(record, Scope(), CASE)
    assert nobody.responsible_code == ""
    assert not viewer(keyring, scope=Scope(subject="somebody")).in_clear(nobody)
    person = HolderView(ref=HOLDER, name="known", id_type=None, id_number=None)
    assert RecordRow.of(record, scope, CASE, person).holder is person
    with pytest.raises(AttributeError):
        row.case_id = uuid4()


def test_one_reader_is_not_another(keyring, row):
    """What was shown to one is noted of one."""
    first, second = viewer(keyring), viewer(keyring)
    first.show(row, row, "case")
    assert second.shown == {}
    assert isinstance(row.submitted_at, datetime)
    assert Actor(subject="reviewer", role=Role.REVIEWER, authority_code="330106-HR") == first.actor
