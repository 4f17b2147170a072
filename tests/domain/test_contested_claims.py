"""Who may claim a certificate beside whom, what an award and a fraud do to it, and one live recognition of an entry a person."""

from datetime import date
from itertools import combinations
from uuid import UUID

import pytest

from domain.claim import CertificateClaim, Claimant
from domain.entry_claim import EntryClaim
from domain.guards import Attempt, breaches
from domain.identifiers import entry_claim_id
from domain.namesakes import birth_date, forms_of, forms_sought
from domain.refusals import RefusalCode
from domain.values import Person
from tests.claims import claim_id
from tests.domain.cases import CASE, CATALOG, HOLDER
from tests.domain.scenario import Given, Happened, act

OTHER = UUID("9e107d9d-372b-4a4f-8c1e-1f4f9bd3c001")
SAME_PERSONS = UUID("9e107d9d-372b-4a4f-8c1e-1f4f9bd3c002")
STREAM = claim_id("Example Institute", "CEE-0042")
ENTRY = entry_claim_id(HOLDER, CATALOG, 88, "1级")
MINE, THEIRS = Claimant(CASE, HOLDER), Claimant(OTHER, OTHER)
CLAIMED = Happened(CertificateClaim.Claimed, {"case_id": CASE, "holder_ref": HOLDER})
RELEASED = Happened(CertificateClaim.Released, {"case_id": CASE})
CONTESTED = Happened(CertificateClaim.Contested, {"case_id": OTHER, "holder_ref": OTHER, "files": 1})
AWARDED = Happened(CertificateClaim.Awarded, {"case_id": CASE})
FORFEITED = Happened(CertificateClaim.Forfeited, {"case_id": CASE})
RETAKEN = Happened(CertificateClaim.Retaken, {"case_id": CASE, "holder_ref": HOLDER})


def given(*past):
    """The claims on a certificate after these events."""
    return Given(CertificateClaim, STREAM, *past)


@pytest.mark.parametrize("past", [(CLAIMED,), (CLAIMED, AWARDED), (CLAIMED, AWARDED, FORFEITED)])
def test_another_person_is_let_in_with_evidence(past):
    """Beside an undecided case, a title that stands, and a fraud; without evidence none of it."""
    state = given(*past).when(lambda claim: claim.claim(act(), THEIRS, 1)).then(CONTESTED)
    assert THEIRS in state.claimants
    refused = (
        given(*past).when(lambda claim: claim.claim(act(), THEIRS, 0)).refused(RefusalCode.CERTIFICATE_ALREADY_CLAIMED)
    )
    assert "evidence" in refused.message


@pytest.mark.parametrize("past", [(CLAIMED,), (CLAIMED, AWARDED), (CLAIMED, AWARDED, FORFEITED)])
def test_the_same_person_is_not(past):
    """Nobody contests their own claim, and a fraud keeps the certificate from who committed it, whatever they show."""
    again = Claimant(SAME_PERSONS, HOLDER)
    given(*past).when(lambda claim: claim.claim(act(), again, 9)).refused(RefusalCode.CERTIFICATE_ALREADY_CLAIMED)


def test_all_who_wait_and_all_who_forfeited_are_remembered():
    """A third beside two, and a second fraud beside the first; the others keep their claims."""
    third = Claimant(SAME_PERSONS, SAME_PERSONS)
    retaken = Happened(CertificateClaim.Retaken, {"case_id": SAME_PERSONS, "holder_ref": SAME_PERSONS})
    contested = Happened(CertificateClaim.Contested, {"case_id": SAME_PERSONS, "holder_ref": SAME_PERSONS, "files": 1})
    forfeited = Happened(CertificateClaim.Forfeited, {"case_id": OTHER})
    for happened in (retaken, contested):
        state = given(CLAIMED, CONTESTED, happened).when(lambda _: None).state
        assert state.claimants == (MINE, THEIRS, third)
    one = given(CLAIMED, CONTESTED, AWARDED, FORFEITED).when(lambda _: None).state
    assert (one.claimants, one.forfeited, one.title_of) == ((THEIRS,), (MINE,), None)
    both = given(CLAIMED, CONTESTED, AWARDED, FORFEITED, forfeited).when(lambda _: None).state
    assert (both.claimants, both.forfeited) == ((), (MINE, THEIRS))
    beside = given(CLAIMED, CONTESTED, AWARDED, forfeited).when(lambda _: None).state
    assert (beside.claimants, beside.forfeited, beside.title_of) == ((MINE,), (THEIRS,), CASE)


def test_a_second_claim_is_refused_beside_the_number():
    """The form shows the sentence at the certificate's number; awarding to a case again is no second title."""
    awarded = given(CLAIMED, CONTESTED, AWARDED)
    awarded.when(lambda claim: claim.award(act(), OTHER)).refused(RefusalCode.CERTIFICATE_HOLDS_TITLE)
    refused = given(CLAIMED).when(lambda claim: claim.claim(act(), THEIRS, 0))
    assert refused.refused(RefusalCode.CERTIFICATE_ALREADY_CLAIMED).field == "certificate.certificateNumber"
    again = AWARDED.at(STREAM, 3, "")
    state = given(CLAIMED, AWARDED).when(lambda _: None).state
    assert list(breaches(CertificateClaim.GUARDS, Attempt(again, state, None))) == []


def test_a_case_that_claims_already_changes_nothing():
    """Claiming, taking again and awarding twice record nothing."""
    given(CLAIMED).when(lambda claim: claim.claim(act(), MINE, 0)).then()
    given(CLAIMED).when(lambda claim: claim.retake(act(), MINE)).then()
    given(CLAIMED, AWARDED).when(lambda claim: claim.award(act(), CASE)).then()


def test_a_released_certificate_is_claimed_alone():
    """By anybody, without evidence too: nobody else claims it."""
    reclaimed = Happened(CertificateClaim.Reclaimed, {"case_id": OTHER, "holder_ref": OTHER})
    state = given(CLAIMED, RELEASED).when(lambda claim: claim.claim(act(), THEIRS, 0)).then(reclaimed)
    assert state.claimants == (THEIRS,)
    given(CLAIMED, RELEASED).when(
        lambda claim: claim.decide(CertificateClaim.Contested, act(), case_id=OTHER, holder_ref=OTHER, files=1)
    ).refused(RefusalCode.WRONG_STATE)


def test_a_certificate_leads_to_one_title_at_a_time():
    """Another award, and another case opened again, wait until the title ends: by release or by forfeit."""
    other = {"case_id": OTHER}
    contested = given(CLAIMED, CONTESTED, AWARDED)
    contested.when(lambda claim: claim.award(act(), OTHER)).refused(RefusalCode.CERTIFICATE_HOLDS_TITLE)
    given(CLAIMED, AWARDED).when(lambda claim: claim.retake(act(), THEIRS)).refused(RefusalCode.CERTIFICATE_HOLDS_TITLE)
    for end in (RELEASED, FORFEITED):
        ended = given(CLAIMED, CONTESTED, AWARDED, end)
        assert (
            ended.when(lambda claim: claim.award(act(), OTHER)).then(Happened(CertificateClaim.Awarded, other)).title_of
            == OTHER
        )


def test_a_fraud_that_did_not_stand_is_forgotten_with_the_award():
    """A title given back takes its certificate again; only its award clears the forfeit."""
    state = given(CLAIMED, AWARDED, FORFEITED).when(lambda claim: claim.retake(act(), MINE)).then(RETAKEN)
    assert (state.claimants, state.forfeited) == ((MINE,), (MINE,))
    state = given(CLAIMED, AWARDED, FORFEITED, RETAKEN).when(lambda claim: claim.award(act(), CASE)).then(AWARDED)
    assert (state.title_of, state.forfeited) == (CASE, ())


def test_who_claims_nothing_gives_nothing_back():
    """A release and a forfeit of another case record nothing, and are refused where they are said outright."""
    given(CLAIMED).when(lambda claim: claim.release(act(), OTHER)).then()
    given(CLAIMED).when(lambda claim: claim.forfeit(act(), OTHER)).then()
    given(CLAIMED).when(lambda claim: claim.award(act(), OTHER)).refused(RefusalCode.WRONG_STATE)
    given(CLAIMED).when(
        lambda claim: claim.decide(CertificateClaim.Retaken, act(), case_id=CASE, holder_ref=HOLDER)
    ).refused(RefusalCode.WRONG_STATE)


def test_a_person_has_one_live_recognition_of_an_entry_and_grade():
    """A second case is refused until the first gives it back; the first repeats what it has without effect."""
    claimed = Happened(EntryClaim.Claimed, {"case_id": CASE, "holder_ref": HOLDER})
    released = Happened(EntryClaim.Released, {"case_id": CASE})
    first = Given(EntryClaim, ENTRY).when(
        lambda _: EntryClaim.begin(EntryClaim.Claimed, act(), ENTRY, case_id=CASE, holder_ref=HOLDER)
    )
    assert first.then(claimed).case_id == CASE
    held = Given(EntryClaim, ENTRY, claimed)
    held.when(lambda claim: claim.claim(act(), OTHER)).refused(RefusalCode.ENTRY_ALREADY_CLAIMED)
    held.when(lambda claim: claim.claim(act(), CASE)).then()
    held.when(lambda claim: claim.release(act(), OTHER)).then()
    held.when(lambda claim: claim.decide(EntryClaim.Released, act(), case_id=OTHER)).refused(RefusalCode.WRONG_STATE)
    assert held.when(lambda claim: claim.release(act(), CASE)).then(released).case_id is None
    free = Given(EntryClaim, ENTRY, claimed, released)
    assert (
        free.when(lambda claim: claim.claim(act(), OTHER))
        .then(Happened(EntryClaim.Reclaimed, {"case_id": OTHER}))
        .case_id
        == OTHER
    )


def test_the_stream_of_an_entry_tells_apart_what_is_apart():
    """Another holder, catalog, entry or grade is another claim."""
    streams = {
        ENTRY,
        entry_claim_id(OTHER, CATALOG, 88, "1级"),
        entry_claim_id(HOLDER, "another", 88, "1级"),
        entry_claim_id(HOLDER, CATALOG, 89, "1级"),
        entry_claim_id(HOLDER, CATALOG, 88, "2级"),
        entry_claim_id(HOLDER, CATALOG, 88, None),
    }
    assert len(streams) == 6


@pytest.mark.parametrize(
    ("kind", "number", "day"),
    [
        ("RESIDENT_ID", "11010519491231002X", date(1949, 12, 31)),
        ("FOREIGN_RESIDENT_ID", "911124198108030024", date(1981, 8, 3)),
        ("RESIDENT_ID", "110105194913310020", None),
        ("RESIDENT_ID", "110105491231002", None),
        ("PASSPORT", "11010519491231002X", None),
    ],
)
def test_a_number_tells_the_day_of_birth_where_it_has_one(kind, number, day):
    """In 18 characters of the documents that have it, and a day that there is."""
    assert birth_date(kind, number) == day


def test_namesakes_are_found_unless_their_days_of_birth_differ():
    """Whoever of two asks, the other is found, or neither."""
    persons = {
        name: Person(ref=HOLDER, name="王小明", id_type=kind, id_number=number)
        for name, kind, number in [
            ("one", "RESIDENT_ID", "11010519491231002X"),
            ("same day", "FOREIGN_RESIDENT_ID", "911124194912310024"),
            ("another day", "RESIDENT_ID", "110105195012310020"),
            ("passport", "PASSPORT", "E1234567"),
            ("another passport", "PASSPORT", "E7654321"),
        ]
    }
    found = {
        frozenset({asking, asked})
        for asking, one in persons.items()
        for asked, other in persons.items()
        if asking != asked and set(forms_sought(one)) & set(forms_of(other))
    }
    for asking, one in persons.items():
        for asked, other in persons.items():
            both = set(forms_sought(one)) & set(forms_of(other)), set(forms_sought(other)) & set(forms_of(one))
            assert bool(both[0]) == bool(both[1]), (asking, asked)
    apart = {frozenset({"one", "another day"}), frozenset({"same day", "another day"})}
    assert found == {frozenset(pair) for pair in combinations(persons, 2)} - apart
    erased = Person(ref=HOLDER, name=None, id_type=None, id_number=None)
    assert forms_of(erased) == forms_sought(erased) == ()
