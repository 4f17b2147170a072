"""Who an identity number belongs to, without the number."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from application.journal import Overtaken
from domain.refusals import Refused
from domain.values import Person
from infrastructure.sealing.directory import HolderDirectory
from tests.keys_in_memory import InMemoryKeyring
from tests.people import passport_number

KEYRING = InMemoryKeyring()


@pytest.fixture
def directory(pool):
    return HolderDirectory(pool, KEYRING)


@pytest.fixture
def number():
    return passport_number(uuid4().int % 10**8)


def test_finds_whom_it_created(directory, number):
    """Nobody before, the same reference ever after, and another number is another holder."""
    assert directory.find("PASSPORT", number) is None
    ref = directory.find_or_create("PASSPORT", number)
    assert directory.find("PASSPORT", number) == directory.find_or_create("PASSPORT", number) == ref
    assert directory.find_or_create("PASSPORT", passport_number(10**8 - 1 - int(number[1:]))) != ref


def test_spellings_lead_to_one_holder(directory):
    """Small x, blanks, full-width digits and the 15 digits of an old card make no second holder."""
    ref = directory.find_or_create("RESIDENT_ID", "11010519491231002X")
    assert directory.find("RESIDENT_ID", "１10105 19491231 002x") == ref
    assert directory.find("RESIDENT_ID", "110105-491231-002") == ref


def test_what_is_no_number_is_not_looked_up(directory):
    """A malformed number is refused, not answered as somebody unknown."""
    with pytest.raises(Refused, match="idNumber"):
        directory.find("RESIDENT_ID", "110105194912310021")


def test_the_type_is_part_of_the_identity(directory, number):
    """A passport and a permit of the same number are two documents."""
    digits = number[1:]
    assert directory.find_or_create("PASSPORT", digits) != directory.find_or_create("TW_TRAVEL_PERMIT", digits)


def test_racing_callers_get_one_holder(directory, number):
    """Callers who bring a new number at once all get the same reference."""
    start = threading.Barrier(6)

    def ask(_):
        start.wait()
        return directory.find_or_create("PASSPORT", number)

    with ThreadPoolExecutor(6) as executor:
        assert len(set(executor.map(ask, range(6)))) == 1


def person(number, ref=None):
    """Somebody with a passport, under a reference that is proposed."""
    return Person(ref=ref or uuid4(), name="x", id_type="PASSPORT", id_number=number)


@pytest.fixture
def apart(pool):
    """Look-ups in a database of their own, so that they are entered before the events."""
    return HolderDirectory(pool, KEYRING, apart=True)


def test_enters_somebody_new_with_their_certificate(apart, number):
    """In one step the person's number leads to them and the certificate's to the case; under the reference they were given."""
    somebody, case, again = person(number), uuid4(), uuid4()
    with apart.entering(somebody, case, "C-" + number, known=False) as enrolment:
        assert enrolment is None
    assert apart.find("PASSPORT", number) == somebody.ref
    assert apart.cases_of_certificates(["c / " + number.lower()]) == {"c / " + number.lower(): {case}}
    with apart.entering(somebody, again, "C-" + number, known=True):
        pass
    assert apart.cases_of_certificates(["C-" + number]) == {"C-" + number: {case, again}}
    assert apart.forget(somebody.ref) == 5


def test_beside_the_events_it_answers_what_is_stored_with_them(directory, number):
    """Nothing is entered before the events: the answer goes into their transaction."""
    somebody, case = person(number), uuid4()
    with directory.entering(somebody, case, "C-" + number, known=False) as enrolment:
        assert enrolment.holder_ref == somebody.ref
        assert [case_id.int and case_id for _, case_id in enrolment.digests] == [0, case, case]
    assert directory.find("PASSPORT", number) is None
    with directory.entering(somebody, case, None, known=True) as enrolment:
        assert ([case_id for _, case_id in enrolment.digests], enrolment.key) == ([case], None)


def test_of_two_who_enter_one_person_at_once_one_is_told(apart, number):
    """Whoever was slower is told, and nothing is left under the reference that they proposed."""
    start = threading.Barrier(4)
    proposed = [person(number) for _ in range(4)]

    def enter(somebody):
        start.wait()
        try:
            with apart.entering(somebody, uuid4(), number, known=False):
                return somebody.ref
        except Overtaken:
            return None

    with ThreadPoolExecutor(4) as executor:
        refs = list(executor.map(enter, proposed))
    (ref,) = [each for each in refs if each]
    assert apart.find("PASSPORT", number) == ref
    assert len(apart.cases_of_certificates([number])[number]) == 1
    assert apart.forget(ref) == 3
    assert [apart.forget(each.ref) for each in proposed if each.ref != ref] == [0, 0, 0]


def test_forgets_for_good(directory, number):
    """After forgetting, no number leads to the holder; the same person coming again is somebody new."""
    ref = directory.find_or_create("PASSPORT", number)
    assert directory.forget(ref) == 1
    assert directory.find("PASSPORT", number) is None
    assert directory.forget(ref) == 0
    assert directory.find_or_create("PASSPORT", number) != ref


def test_holds_no_number_and_no_plain_hash(directory, number, database, pool):
    """The table holds 32 bytes that depend on the secret: with another secret the same number is not found."""
    ref = directory.find_or_create("PASSPORT", number)
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute("SELECT digest FROM registry.lookups WHERE holder_ref = %s", [ref]).fetchone()
    assert len(row[0]) == 32
    assert number.encode() not in row[0]
    assert HolderDirectory(pool, InMemoryKeyring()).find("PASSPORT", number) is None
